// Brings projections to the end of a log as the product does, and tells how long that took.
import { once } from 'node:events';
import { openEventStore } from '../../src/eventstore/open.ts';
import { projections } from '../../src/projections/index.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openReadModels } from '../../src/readmodels/open.ts';
import type { Projected, Projecting } from './projecting.ts';

const now = (): Date => new Date();
const [{ log, documents, only }] = (await once(process, 'message')) as [Projecting];
const store = await openEventStore({ scheme: 'sqlite', path: log }, now);
const readModels = await openReadModels({ scheme: 'sqlite', path: documents }, () => undefined);
const head = await store.head();
const wanted = projections.filter(({ name }) => only === undefined || name === only);
if (wanted.length === 0) throw new Error(`There is no projection ${only}`);

const begun = performance.now();
const running = await runProjections({ store, readModels, now, only: wanted });
await running.reached(head);
const seconds = (performance.now() - begun) / 1_000;
await running.stop();
await readModels.close();
await store.close();
process.send?.({ seconds, head } satisfies Projected, () => process.disconnect());
