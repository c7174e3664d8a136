import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import type { Permission, Permissions } from '../../src/domain/people/permissions.ts';
import {
  permissions,
  permissionsOfPerson,
  permissionsOfRole,
  permissionsOfScope,
  together,
} from '../../src/domain/people/permissions.ts';
import { openTestApp } from '../support/app.ts';
import type { Operation } from '../support/operations.ts';
import { operationsOf } from '../support/operations.ts';

const file = join(import.meta.dirname, '../../docs/AUTHENTICATION.md');

const rowOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [rowOf(head), rowOf(head.map(() => '---')), ...rows.map(rowOf)].join('\n');
const code = (text: string): string => `\`${text}\``;

const known = Object.keys(permissions);

/** Who may do what: a line for each permission that somebody of them has. */
const crossed = (holders: Readonly<Record<string, Permissions>>): string => {
  const names = Object.keys(holders);
  const has = (may: Permissions | undefined, permission: string): boolean =>
    [...(may ?? [])].some((each) => each === permission);
  const rows = known.map((each) => [code(each), ...names.map((name) => (has(holders[name], each) ? 'yes' : ''))]);
  return tableOf(
    ['permission', ...names],
    rows.filter(([, ...cells]) => cells.includes('yes')),
  );
};

const isOf =
  (permission: string) =>
  (operation: Operation): boolean =>
    operation.permission === permission;

const sectionsOf = (operations: readonly Operation[]): Readonly<Record<string, string>> => {
  const described = Object.entries<string>(permissions satisfies Record<Permission, string>);
  const countOf = (permission: string): string => String(operations.filter(isOf(permission)).length);
  return {
    permissions: tableOf(
      ['permission', 'what it allows', 'routes'],
      described.map(([name, text]) => [code(name), text, countOf(name)]),
    ),
    roles: crossed(
      Object.fromEntries(
        Object.entries(permissionsOfRole).map(([role, may]) => [role, together(may, permissionsOfPerson)]),
      ),
    ),
    scopes: crossed(permissionsOfScope),
    routes: tableOf(
      ['route', 'permission'],
      operations.map(({ method, path, permission }) => [
        code(`${method} ${path}`),
        permission === undefined ? 'open to all' : code(permission),
      ]),
    ),
  };
};

it('docs/AUTHENTICATION.md says who may do what, as the table of permissions and the routes have it', async () => {
  await using app = await openTestApp();
  const operations = await operationsOf(app);
  const page = Object.entries(sectionsOf(operations)).reduce(
    (text, [name, section]) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`),
        (_, begin: string, end: string) => `${begin}\n\n${section}\n\n${end}`,
      ),
    readFileSync(file, 'utf8'),
  );
  const options = await resolveConfig(file);
  await expect(await format(page, { ...options, filepath: file })).toMatchFileSnapshot(file);
});
