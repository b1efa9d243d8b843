import { FolderInUse } from './data-folder.ts';
import { WrongCertificate } from './tls.ts';

/** Why the hall did not start: the setting or part that refused, then lines that say what is wrong and what would be right. */
export function explainRefusal(error: unknown): [what: string, ...lines: string[]] {
  if (error instanceof FolderInUse) return inUse(error);
  if (error instanceof WrongCertificate) return [error.setting, error.message];
  const {
    code = '',
    message,
    syscall,
    port,
    address,
  } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (code === 'EADDRINUSE')
    return ['PORT', `${port} is taken by another program. Set PORT, for example ${Number(port) + 1}.`];
  if (code === 'EACCES' && syscall === 'listen')
    return ['PORT', `${port} is for the system's own programs. Set PORT, for example 3000.`];
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) {
    return [
      'HOST',
      `This machine has no address ${address ?? 'of that name'}.`,
      'HOST=127.0.0.1 keeps the hall to this machine.',
    ];
  }
  if (FOLDER.has(code)) return ['GUILDHALL_DATA', `The folder cannot be used: ${message}`];
  return ['hall', message];
}

/** What the file system says of a folder that cannot be made or written. */
const FOLDER = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'ENAMETOOLONG']);

function inUse({ by }: FolderInUse): [string, ...string[]] {
  const whom = by ? `process ${by.pid}, since ${by.since.slice(11, 16)} UTC` : 'another process';
  return [
    'data',
    `The data folder is in use by ${whom}.`,
    'One hall a folder. Stop it, or set GUILDHALL_DATA to another.',
  ];
}
