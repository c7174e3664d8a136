// Loaded first in each process and thread of a run: what `bundle.ts` has as one file is loaded from there. To find and read some
// hundred modules is most of what a server costs when it starts. Plain JavaScript, because types cost time to take away.
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { join } from 'node:path';
import { env } from 'node:process';
import { pathToFileURL, URL } from 'node:url';

const root = pathToFileURL(join(import.meta.dirname, '..', '..')).href;
// Empty where a process is to run from its sources; whoever has its environment from a program of ours is told by the address.
const folder = env['TEST_BUNDLE'] ?? new URL(import.meta.url).searchParams.get('folder');

/** The first module of a process or a thread as one file, where there is one. */
const bundleOf = (url) => {
  if (!folder || !url.startsWith(`${root}/`) || !url.endsWith('.ts')) return undefined;
  const file = join(folder, `${url.slice(root.length + 1, -3).replaceAll('/', '_')}.js`);
  return existsSync(file) ? pathToFileURL(file).href : undefined;
};

// npm itself may run on a Node that is older.
modules.registerHooks?.({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const url = context.parentURL === undefined ? bundleOf(resolved.url) : undefined;
    return url === undefined ? resolved : { ...resolved, url, format: 'module' };
  },
});
