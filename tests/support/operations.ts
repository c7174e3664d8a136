import { z } from 'zod';
import type { Client } from './client.ts';
import { mustBe } from './client.ts';

const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ security: z.array(z.unknown()).default([]) }))),
});

/** A method and a path of the API as its description writes it, `{name}` for a parameter; `open` when it asks for no key. */
export type Operation = { readonly method: string; readonly path: string; readonly open: boolean };

/** Every operation that the server describes at /openapi.json. */
export const operationsOf = async ({ transport }: Pick<Client, 'transport'>): Promise<readonly Operation[]> => {
  const { body } = mustBe(await transport({ method: 'GET', path: '/openapi.json' }), 200);
  return Object.entries(document.parse(body).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      ...{ method: method.toUpperCase(), path, open: security.length === 0 },
    })),
  );
};

/** The path of an operation with a value for each of its parameters. */
export const pathOf = ({ path }: Operation, valueOf: (parameter: string) => string): string =>
  path.replace(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(valueOf(parameter)));
