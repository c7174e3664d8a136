import { z } from 'zod';
import type { Schema } from './big-bodies.ts';
import { schemaShape } from './big-bodies.ts';
import type { Client } from './client.ts';
import { mustBe } from './client.ts';

const described = z.looseObject({
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: schemaShape })) }).optional(),
});
const document = z.object({ paths: z.record(z.string(), z.record(z.string(), described)) });

/**
 * A method and a path of the API as its description writes it, `{name}` for a parameter; `open` when it asks nobody who they are, else
 * `permission` is what a caller must be allowed. `query` names the parameters of its query, `body` is the schema of its body.
 */
export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly open: boolean;
  readonly permission: string | undefined;
  readonly query: readonly string[];
  readonly body: Schema | undefined;
};

/** Every operation that the server describes at /openapi.json. */
export const operationsOf = async ({ transport }: Pick<Client, 'transport'>): Promise<readonly Operation[]> => {
  const { body: told } = mustBe(await transport({ method: 'GET', path: '/openapi.json' }), 200);
  return Object.entries(document.parse(told).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, parameters, requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      open: security.length === 0,
      permission: security.flatMap(Object.values).flat()[0],
      query: parameters.filter((each) => each.in === 'query').map(({ name }) => name),
      body: Object.values(requestBody?.content ?? {})[0]?.schema,
    })),
  );
};

/** The path of an operation with a value for each of its parameters. */
export const pathOf = ({ path }: Operation, valueOf: (parameter: string) => string): string =>
  path.replace(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(valueOf(parameter)));
