import { z } from 'zod';
import { mustHaveVersionsLeft } from '../../domain/projects/project.ts';
import { replyPolicySchema } from '../../domain/routing/reply-policy.ts';
import { roster } from '../../domain/routing/roster.ts';
import { command } from '../../engine/command.ts';

/** Puts a reply policy in force for the leads that are assigned from now on. The policy in force again changes nothing. */
export const publishReplyPolicy = command(roster)({
  name: 'PublishReplyPolicy',
  input: z.object({ projectId: z.string(), policy: replyPolicySchema }),
  id: ({ projectId }) => projectId,
  decide: ({ replies }, { policy }, { now }) => {
    if (replies.version > 0 && JSON.stringify(replies.policy) === JSON.stringify(policy)) return [];
    mustHaveVersionsLeft(replies.version, 'the reply policy');
    return [
      {
        type: 'ReplyPolicyPublished',
        data: { version: replies.version + 1, policy, publishedAt: now.toISOString() },
      },
    ];
  },
});
