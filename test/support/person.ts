import assert from 'node:assert/strict';
import type { Deployment } from './deployment.ts';
import { Live } from './live.ts';

/** Fields of a body, of any shape: a test that looks deeper names the shape that it expects. */
export type Fields = Record<string, unknown>;

/** What an HTTP call came to. `text` is the body as it came; `body` its fields where it is a JSON object, else none. */
export interface Answer<Shape = Fields> {
  status: number;
  headers: Headers;
  text: string;
  body: Shape;
}

/** Every password in tests: nobody needs to remember which. */
export const PASSWORD = 'correct horse battery';

/** Somebody with an account, who calls with a Bearer token; where there are several halls, another one each time. */
export class Person {
  readonly hall: Deployment;
  readonly username: string;
  readonly id: string;
  readonly token: string;

  constructor(hall: Deployment, who: { username: string; id: string; token: string }) {
    this.hall = hall;
    this.username = who.username;
    this.id = who.id;
    this.token = who.token;
  }

  call<Shape = Fields>(method: string, path: string, body?: unknown): Promise<Answer<Shape>> {
    return call({ url: this.hall.next() }, { method, path, body, token: this.token });
  }

  get<Shape = Fields>(path: string): Promise<Answer<Shape>> {
    return this.call('GET', path);
  }

  post<Shape = Fields>(path: string, body?: unknown): Promise<Answer<Shape>> {
    return this.call('POST', path, body);
  }

  /** Calls, and fails unless the answer is a success. Returns its body. */
  async done<Shape = Fields>(method: string, path: string, body?: unknown): Promise<Shape> {
    const answer = await this.call<Shape>(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Makes a room and gives its id. */
  async makeRoom(name: string, more: { private?: boolean; topic?: string } = {}): Promise<string> {
    const room = await this.done<{ id: string }>('POST', '/v1/rooms', { name, ...more });
    return room.id;
  }

  live(): Promise<Live> {
    return Live.open(this.hall.next(), this.token);
  }
}

/** One call to the hall; `token` left out makes it a stranger's. `body` is sent as JSON, a Buffer as it is. */
export async function call<Shape = Fields>(hall: Pick<Deployment, 'url'>, wanted: Wanted): Promise<Answer<Shape>> {
  const { method, path, body, token, headers } = wanted;
  const response = await fetch(hall.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) as Shape };
}

interface Wanted {
  method: string;
  path: string;
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
}

/** Makes the owner's account with the one-time link of the first start. */
export async function owner(hall: Deployment, username = 'olga'): Promise<Person> {
  return signUp(hall, { username, invite: await hall.ownerCode() });
}

/** Signs somebody up (by an invite of the host's where one is named) and in. */
export async function member(host: Person, username: string): Promise<Person> {
  const made = await host.done<{ invite: { code: string } }>('POST', '/v1/invites', { uses: 1 });
  return signUp(host.hall, { username, invite: made.invite.code });
}

/** Signs somebody up and in. */
export async function signUp(hall: Deployment, who: { username: string; invite?: string }): Promise<Person> {
  const made = await call(hall, { method: 'POST', path: '/v1/accounts', body: { ...who, password: PASSWORD } });
  assert.equal(made.status, 201, made.text);
  return signIn(hall, who.username);
}

/** One more session for somebody who has an account. */
export async function signIn(hall: Deployment, username: string): Promise<Person> {
  const answer = await call<SignedIn>(hall, {
    method: 'POST',
    path: '/v1/sessions',
    body: { username, password: PASSWORD },
  });
  assert.equal(answer.status, 201, answer.text);
  const { token, account } = answer.body;
  return new Person(hall, { username, id: account.id, token });
}

interface SignedIn {
  token: string;
  account: { id: string };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
