import { expect, it, onTestFinished } from 'vitest';
import { runProjections } from '../../src/runners/projections.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { openLog } from '../support/engine.ts';
import { idOf, leadCaptured, projectId } from '../support/facts.ts';

/** Read models that note, of the leads, when they were saved and prepared. */
const noting = () => {
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(() => readModels.close());
  const notes: string[] = [];
  const noted: ReadModels = {
    ...readModels,
    prepare: (collections, how) => {
      if (collections.some(({ name }) => name === 'leads')) notes.push(how?.bare ? 'bare' : 'whole');
      return readModels.prepare(collections, how);
    },
    save: (collection, documents, checkpoint) => {
      if (collection.name === 'leads') notes.push(`saved at ${checkpoint}`);
      return readModels.save(collection, documents, checkpoint);
    },
  };
  return { noted, notes };
};

it('A projection that is built from a log gets its indexes when it has come to the end of it, and keeps them', async () => {
  const store = openLog();
  onTestFinished(() => store.close());
  const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
  const append = (leadId: string) =>
    store.append(`lead-${projectId}.${leadId}`, -1, [{ ...leadCaptured({ leadId }), id: leadId, metadata }]);
  const ids = Array.from({ length: 1_001 }, (_, n) => idOf({ kind: 'anonymousId', value: `visitor-${n}` }));
  await Promise.all(ids.map(append));

  const { noted, notes } = noting();
  const running = await runProjections({ store, readModels: noted, now: () => new Date() });
  onTestFinished(() => running.stop());
  await running.reached(1_001);
  await append(idOf({ kind: 'anonymousId', value: 'late' }));
  await running.reached(1_002);
  // Portions of a batch are saved before the checkpoint is.
  expect(notes.filter((note) => note !== 'saved at 0')).toEqual([
    'bare',
    'saved at 1000',
    'saved at 1001',
    'whole',
    'saved at 1002',
  ]);
});
