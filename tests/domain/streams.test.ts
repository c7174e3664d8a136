import { expect, it } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { ownStreams } from '../../src/domain/streams.ts';

it('The streams of every aggregate are followed and moved as ours', () => {
  const aggregates = new Set(Object.values(commands).map(({ aggregate }) => `${aggregate.name}-`));
  expect([...ownStreams].sort()).toEqual([...aggregates].sort());
});
