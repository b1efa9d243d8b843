import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely';
import type pg from 'pg';
import { DatabaseAway, isUnkeepable, lookAt, unkeepable } from './postgres-errors.ts';
import { PlanNames } from './postgres-plans.ts';

/**
 * Kysely's way to a pool of connections. Whatever says that the database is away becomes one error, a 503, here and
 * nowhere else; a connection that met one that ends it goes to nobody again.
 */
export class PostgresDriver implements Driver {
  readonly #pool: pg.Pool;
  readonly #plans = new PlanNames();
  readonly #connections = new WeakMap<pg.PoolClient, PostgresConnection>();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    // A connection that dies while nobody waits for it is replaced; who waits is told by the query's own error.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw new DatabaseAway(error);
    });
    let connection = this.#connections.get(client);
    if (!connection) this.#connections.set(client, (connection = new PostgresConnection(client, this.#plans)));
    return connection;
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as PostgresConnection).release();
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const level = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : '';
    await (connection as PostgresConnection).steer(`begin${level}`);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as PostgresConnection).steer('commit');
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as PostgresConnection).steer('rollback');
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  readonly #plans: PlanNames;
  #broken = false;

  constructor(client: pg.PoolClient, plans: PlanNames) {
    this.#client = client;
    this.#plans = plans;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, rowCount, command } = await this.#ask(query.sql, query.parameters as unknown[]);
    return CHANGES.has(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows: rows ?? [] };
  }

  async steer(statement: string): Promise<void> {
    await this.#ask(statement, []);
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  release(): void {
    this.#client.release(this.#broken);
  }

  async #ask(text: string, values: unknown[]): Promise<pg.QueryResult> {
    // Nothing more is sent where an answer may still be on its way: it would be taken for another's.
    if (this.#broken) throw new DatabaseAway(new Error('the connection was lost before'));
    const answer = await this.#client.query(this.#queryOf(text, values)).catch((error: unknown) => {
      if (isUnkeepable(error)) throw unkeepable();
      const { away, broken } = lookAt(error);
      this.#broken = broken;
      throw away ? new DatabaseAway(error) : error;
    });
    // Several statements in one text give several answers.
    const last: pg.QueryResult = Array.isArray(answer) ? answer.at(-1) : answer;
    // A transaction that failed before answers its commit with "ROLLBACK", and without an error.
    if (last.command === 'ROLLBACK' && text.endsWith('commit')) throw new Error('the transaction had failed before');
    return last;
  }

  #queryOf(text: string, values: unknown[]): pg.QueryConfig {
    const name = this.#plans.nameOf(text, values.length);
    return name === undefined ? { text, values } : { text, values, name };
  }
}

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
