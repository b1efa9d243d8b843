import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A post as peers give it out: as many fields, and as long, as one of ours. */
export interface PeerMessage {
  id: string;
  seq: number;
  room: string;
  author: { id: string; name: string; kind: 'person' };
  text: string;
  createdAt: string;
}

/** Makes a message of a post. */
export type Keep = (text: string) => PeerMessage;

export const ROOM = 'room_0000000000000000000000';

/** A peer's own way to be durable: node:sqlite, WAL, synchronous=FULL, a commit per post. Without `stores` it only counts. */
export function postStore(stores: boolean): Keep {
  const insert = stores ? openInsert() : undefined;
  let seq = 0;
  return (text) => {
    const message: PeerMessage = {
      id: `msg_${String(++seq).padStart(22, '0')}`,
      seq,
      room: ROOM,
      author: { id: 'acct_0000000000000000000000', name: 'person0', kind: 'person' },
      text,
      createdAt: new Date().toISOString(),
    };
    insert?.run(message.room, message.seq, message.id, message.author.id, message.text, Date.now());
    return message;
  };
}

function openInsert(): ReturnType<DatabaseSync['prepare']> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-peer-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const db = new DatabaseSync(join(folder, 'posts.db'));
  db.exec('pragma journal_mode = wal; pragma synchronous = full;');
  db.exec(
    'create table posts (room text, seq integer, id text, author text, text text, at integer, primary key (room, seq)) without rowid',
  );
  return db.prepare('insert into posts values (?, ?, ?, ?, ?, ?)');
}
