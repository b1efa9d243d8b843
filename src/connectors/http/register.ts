import { isSecret, type Argument } from '#core/arguments.ts';
import type { AnyCommand } from '#core/command.ts';
import { TYPED } from '#core/secret-arguments.ts';
import { z } from 'zod';

/** The JSON schema of a command's arguments, for the OpenAPI document. */
export function argumentsSchema(command: AnyCommand): Record<string, unknown> {
  const shape = Object.fromEntries(
    Object.entries(command.args).map(([name, argument]) => [name, schemaOf(argument).describe(argument.about)]),
  );
  const { $schema: _draft, ...schema } = z.toJSONSchema(z.strictObject(shape), { io: 'input', unrepresentable: 'any' });
  return schema;
}

/** A secret is sent as it is; `writeOnly` tells programs to show and keep none. */
function schemaOf(argument: Argument<unknown>): z.ZodType {
  if (!isSecret(argument)) return argument.schema;
  const typed = TYPED.meta({ format: 'password', writeOnly: true });
  return argument.required ? typed : typed.optional();
}
