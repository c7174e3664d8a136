// Opens the product over whatever it is told, as `main.ts` does, one time after the other: to load it costs more than to open it.
import { openApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';

const say = (what: string): void => void process.send?.(what);
const opened: { close?: () => Promise<void> } = {};

/** Closes what is open, and opens what these are the settings of. */
const open = async (settings: Readonly<Record<string, string>>): Promise<void> => {
  await opened.close?.();
  const config = parseConfig(settings);
  const app = await openApp(config);
  opened.close = app.close;
  await app.http.listenAt({ port: config.port, host: config.host });
  say('listening');
};

// What fails is not handled, and ends the process.
process.on('message', (settings: Readonly<Record<string, string>>) => void open(settings));
// Whoever started it is gone.
process.on('disconnect', () => process.kill(process.pid));
say('loaded');
