import { checkCompose } from './ops-compose.ts';
import { checkDockerfile } from './ops-dockerfile.ts';
import { checkUnit } from './ops-units.ts';
import { filesOf, type Report } from './tree.ts';

/** Checks what the program is deployed with: compose files, image files and systemd units of the tree at `root`. */
export function checkOps(root: string): Report {
  const files = filesOf(root);
  const paths = new Set(files.map((file) => file.path));
  const ours = files.filter((file) => file.path.startsWith('ops/'));
  const looked = ours.flatMap((file) => {
    const check = CHECKS.find(([name]) => name.test(file.path))?.[1];
    return check ? [check(file, paths)] : [];
  });
  return { looked: looked.length, findings: looked.flat() };
}

const CHECKS = [
  [/\/compose[^/]*\.yaml$/, checkCompose],
  [/\/Dockerfile[^/]*$/, checkDockerfile],
  [/\.service$/, checkUnit],
] as const;
