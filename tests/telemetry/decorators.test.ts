import { describe, expect, it, onTestFinished } from 'vitest';
import { RevisionConflict, StoreUnavailable } from '../../src/eventstore/event-store.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { familiesOf, openInstruments } from '../../src/telemetry/instruments.ts';
import { measuredReadModels } from '../../src/telemetry/measured-read-models.ts';
import { observedProjections } from '../../src/telemetry/observed-batches.ts';
import { tracedStore } from '../../src/telemetry/traced-store.ts';
import { openLog } from '../support/engine.ts';
import { exposed, exposition } from '../support/metrics.ts';

const counted = (instruments: ReturnType<typeof openInstruments>) => exposed(exposition(familiesOf(instruments)));

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const fact = (id: string) => ({ type: 'JobProgressed', data: { cursor: '', done: 0, total: 0 }, id, metadata });

describe('a traced store', () => {
  it('counts facts that were appended, and conflicts apart from errors', async () => {
    const log = openLog();
    onTestFinished(() => log.close());
    const instruments = openInstruments();
    const store = tracedStore(log, { instruments });
    const [first, second] = ['0195f0aa-0000-7000-8000-000000000001', '0195f0aa-0000-7000-8000-000000000002'] as const;
    await store.append('job-a.1', -1, [fact(first), fact(second)]);
    await expect(store.append('job-a.1', -1, [fact(first)])).rejects.toThrow(RevisionConflict);
    const { valueOf } = counted(instruments);
    expect(valueOf('leadfold_events_appended_total', { type: 'JobProgressed' })).toBe(2);
    expect(valueOf('leadfold_append_conflicts_total', { aggregate: 'job' })).toBe(1);
    expect(valueOf('leadfold_append_duration_seconds_count')).toBe(1);
    expect(valueOf('leadfold_store_errors_total')).toBe(0);
  });

  it('counts what the store does not do, and throws it on', async () => {
    const log = openLog();
    onTestFinished(() => log.close());
    const instruments = openInstruments();
    const away = async (): Promise<never> => Promise.reject(new StoreUnavailable('away'));
    const store = tracedStore({ ...log, append: away, read: away, head: away }, { instruments });
    await expect(store.append('lead-a.1', -1, [])).rejects.toThrow(StoreUnavailable);
    await expect(store.read('lead-a.1')).rejects.toThrow(StoreUnavailable);
    await expect(store.head()).rejects.toThrow(StoreUnavailable);
    const { valueOf } = counted(instruments);
    for (const operation of ['append', 'read', 'head']) {
      expect(valueOf('leadfold_store_errors_total', { store: 'events', operation })).toBe(1);
    }
  });
});

it('Measured read models count what is not done, and how long the rest takes', async () => {
  const documents = openSqliteReadModels(':memory:');
  onTestFinished(() => documents.close());
  const instruments = openInstruments();
  const away: ReadModels['saveCheckpoint'] = async () => Promise.reject(new ReadModelsUnavailable('away'));
  const readModels = measuredReadModels({ ...documents, saveCheckpoint: away }, instruments);
  expect(await readModels.checkpoint('x')).toBe(0);
  await expect(readModels.saveCheckpoint('x', 1)).rejects.toThrow(ReadModelsUnavailable);
  const { valueOf } = counted(instruments);
  expect(valueOf('leadfold_store_errors_total', { store: 'read-models', operation: 'save-checkpoint' })).toBe(1);
  expect(valueOf('leadfold_read_models_duration_seconds_count', { operation: 'checkpoint' })).toBe(1);
});

it('A batch that fails is counted, and its facts are not until it comes again', async () => {
  const instruments = openInstruments();
  const tries = { left: 1 };
  const projecting = observedProjections({ instruments })('leads', async () => {
    if (tries.left-- > 0) throw new Error('not now');
  });
  const batch = { events: [], position: 3 };
  await expect(projecting(batch)).rejects.toThrow('not now');
  await projecting(batch);
  const { valueOf } = counted(instruments);
  expect(valueOf('leadfold_projection_failures_total', { projection: 'leads' })).toBe(1);
  expect(valueOf('leadfold_projection_batch_duration_seconds_count', { projection: 'leads' })).toBe(2);
});
