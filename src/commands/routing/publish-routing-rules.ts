import { z } from 'zod';
import { mustHaveVersionsLeft } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { roster } from '../../domain/routing/roster.ts';
import { routingFaults } from '../../domain/routing/routing-faults.ts';
import type { RoutingRules } from '../../domain/routing/routing-rules.ts';
import { routingRulesSchema } from '../../domain/routing/routing-rules.ts';
import { command } from '../../engine/command.ts';

/** How many faults an answer lists at most. */
const listedFaults = 20;

const refusal = (faults: ReturnType<typeof routingFaults>, restores: number | undefined): Rejection => {
  const listed = faults.slice(0, listedFaults);
  const said = faults.slice(0, 3).map(({ path, detail }) => `/${path.join('/')}: ${detail}`);
  const more = faults.length > said.length ? ` (and ${faults.length - said.length} more)` : '';
  const what = `${said.join('; ')}${more}`;
  return restores === undefined
    ? new Rejection('invalid-request', `In the body, ${what}`, listed)
    : new Rejection('routing-rules-outdated', `Version ${restores} no longer fits the roster: ${what}`, listed);
};

/** Without what is not said, in the order of the schema: the same rules are the same text. */
const textOf = (rules: RoutingRules): string => JSON.stringify(routingRulesSchema.parse(rules));

/**
 * Puts routing rules in force as a whole, for decisions from now on. They must fit the roster, or are refused with all that
 * is wrong. The rules in force again change nothing. `restores` is the version that they are again.
 */
export const publishRoutingRules = command(roster)({
  name: 'PublishRoutingRules',
  input: z.object({
    projectId: z.string(),
    rules: routingRulesSchema,
    restores: z.number().int().min(1).optional(),
  }),
  id: ({ projectId }) => projectId,
  decide: (state, { rules, restores }, { now }) => {
    const faults = routingFaults(rules, state);
    if (faults.length > 0) throw refusal(faults, restores);
    const { version, rules: inForce } = state.routing;
    if (version > 0 && textOf(inForce) === textOf(rules)) return [];
    mustHaveVersionsLeft(version, 'the routing rules');
    const publishedAt = now.toISOString();
    const data = { version: version + 1, rules, publishedAt, ...(restores !== undefined && { restores }) };
    return [{ type: 'RoutingRulesPublished', data }];
  },
});
