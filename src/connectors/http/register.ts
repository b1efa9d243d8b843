import type { AnyCommand } from '#core/command.ts';
import { z } from 'zod';

/** The JSON schema of a command's arguments, for the OpenAPI document. */
export function argumentsSchema(command: AnyCommand): Record<string, unknown> {
  const shape = Object.fromEntries(
    Object.entries(command.args).map(([name, argument]) => [name, argument.schema.describe(argument.about)]),
  );
  const { $schema: _draft, ...schema } = z.toJSONSchema(z.strictObject(shape), { io: 'input', unrepresentable: 'any' });
  return schema;
}
