import { describe, it } from 'vitest';
import { beginReplay } from '../../../src/commands/sources/begin-replay.ts';
import { discardReject } from '../../../src/commands/sources/discard-reject.ts';
import { rejectLimits } from '../../../src/domain/sources/reject.ts';
import { projectId } from '../../support/facts.ts';
import { given } from '../../support/given.ts';
import { noon } from '../../support/noon.ts';

const at = noon.toISOString();
const gone = new Date(noon.getTime() + rejectLimits.replayingForMs);
const rejectId = 'reject-1';
const summary = { rejectId, via: 'batch', code: 'nobody', detail: 'says of nobody', bytes: 2, receivedAt: at } as const;
const kept = { type: 'RejectKept', data: { ...summary, body: '{}', form: 'item' } } as const;
const settled = { ...summary, status: 'queued' as const, results: [], at };
const replayed = { type: 'RejectReplayed' as const, data: settled };
const discarded = { type: 'RejectDiscarded', data: { ...summary, at } } as const;
const begun = (saying: string, now = noon) =>
  ({
    type: 'ReplayBegun',
    data: {
      saying,
      until: new Date(now.getTime() + rejectLimits.replayingForMs).toISOString(),
      at: now.toISOString(),
    },
  }) as const;
const one = { projectId, rejectId };

describe('A reject that is being replayed', () => {
  it('is had by the first, and by who says the same', () => {
    given(kept)
      .when(beginReplay, { ...one, saying: 'a' })
      .then(begun('a'));
    given(kept, begun('a'))
      .when(beginReplay, { ...one, saying: 'a' })
      .then();
    given(kept, begun('a'))
      .when(beginReplay, { ...one, saying: 'b' })
      .rejects('reject-replaying');
    given(kept, begun('a')).when(discardReject, one).rejects('reject-replaying');
  });

  it('is free again when whoever had it is gone', () => {
    given(kept, begun('a'))
      .when(beginReplay, { ...one, saying: 'b' }, { now: gone })
      .then(begun('b', gone));
    given(kept, begun('a'))
      .when(discardReject, one, { now: gone })
      .then({ ...discarded, data: { ...discarded.data, at: gone.toISOString() } });
  });

  it('is not begun when it is settled', () => {
    const saying = 'b';
    given(kept, begun('a'), replayed)
      .when(beginReplay, { ...one, saying })
      .then();
    given(kept, begun('a'), discarded)
      .when(beginReplay, { ...one, saying })
      .then();
  });
});
