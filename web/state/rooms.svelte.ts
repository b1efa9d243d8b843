import type { Room } from '#contracts/web.ts';
import { call } from './api.ts';

export type NewRoom = {
  community?: string | undefined;
  name: string;
  topic: string;
  private: boolean;
  people: string[];
};

/** Every room that I may see, with how far I have read. */
class Rooms {
  list = $state<Room[]>([]);
  loaded = $state(false);
  readonly unread: number = $derived(this.list.reduce((sum, room) => sum + unreadOf(room), 0));

  async load(): Promise<void> {
    const { rooms } = await call<{ rooms: Room[] }>('/v1/rooms');
    this.list = rooms.map((room) => ({ ...room, read: Math.max(room.read, this.find(room.id)?.read ?? 0) }));
    this.loaded = true;
  }

  /** Those of one community. */
  of(community: string | undefined): Room[] {
    return this.list.filter((room) => room.community === community);
  }

  find(id: string): Room | undefined {
    return this.list.find((room) => room.id === id);
  }

  /** The next or last room of the same community, around the end. */
  beside(id: string | undefined, step: 1 | -1): Room | undefined {
    const list = this.of(this.find(id ?? '')?.community ?? this.list[0]?.community);
    const at = list.findIndex((room) => room.id === id);
    return list.at((at + step) % Math.max(1, list.length));
  }

  /** A message came to a room. */
  came(id: string, seq: number, { mention = false } = {}): void {
    const room = this.find(id);
    if (!room || seq <= room.seq) return;
    this.#patch(id, { seq, mentions: room.mentions + (mention ? 1 : 0) });
  }

  /** I have read a room up to `seq`, here or on another device. */
  read(id: string, seq: number): void {
    const room = this.find(id);
    if (!room || seq <= room.read) return;
    this.#patch(id, { read: seq, mentions: seq >= room.seq ? 0 : room.mentions });
  }

  /** Makes a room and lets its people in, where it is private. */
  async make({ people, ...about }: NewRoom): Promise<Room> {
    const room = await call<Room>('/v1/rooms', { method: 'POST', body: about });
    await Promise.all(people.map((id) => call(`/v1/rooms/${room.id}/members/${id}`, { method: 'PUT' })));
    await this.load();
    return room;
  }

  async alter(id: string, about: { name?: string; topic?: string }): Promise<void> {
    const room = await call<Room>(`/v1/rooms/${id}`, { method: 'PATCH', body: about });
    this.#patch(id, { name: room.name, topic: room.topic });
  }

  async remove(id: string): Promise<void> {
    await call(`/v1/rooms/${id}`, { method: 'DELETE' });
    this.list = this.list.filter((room) => room.id !== id);
  }

  forget(): void {
    this.list = [];
    this.loaded = false;
  }

  #patch(id: string, about: Partial<Room>): void {
    this.list = this.list.map((room) => (room.id === id ? { ...room, ...about } : room));
  }
}

export function unreadOf(room: Room): number {
  return Math.max(0, room.seq - room.read);
}

export const rooms = new Rooms();
