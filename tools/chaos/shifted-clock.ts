// Loaded before the server: the time of day is off by as many ms as the file CHAOS_CLOCK says, which is looked at every few ms.
import { readFileSync } from 'node:fs';

const file = process.env['CHAOS_CLOCK'] ?? '';
const Real = Date;
const look = { at: -Infinity, shift: 0 };

const shifted = (): number => {
  if (performance.now() > look.at + 5) {
    look.shift = Number(readFileSync(file, 'utf8'));
    look.at = performance.now();
  }
  return Real.now() + look.shift;
};

globalThis.Date = new Proxy(Real, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [shifted()] : args, self) as Date,
  apply: () => new Real(shifted()).toString(),
  get: (target, name, self) => (name === 'now' ? shifted : (Reflect.get(target, name, self) as unknown)),
});
