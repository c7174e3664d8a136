import { describe, expect, it } from 'vitest';
import { addRep } from '../../../src/commands/routing/add-rep.ts';
import { addTeam } from '../../../src/commands/routing/add-team.ts';
import { changeRep } from '../../../src/commands/routing/change-rep.ts';
import { changeTeam } from '../../../src/commands/routing/change-team.ts';
import { publishReplyPolicy } from '../../../src/commands/routing/publish-reply-policy.ts';
import { publishRoutingRules } from '../../../src/commands/routing/publish-routing-rules.ts';
import { defaultReplyPolicy } from '../../../src/domain/routing/reply-policy.ts';
import { noRules } from '../../../src/domain/routing/routing-rules.ts';
import {
  projectId,
  rep,
  repAdded,
  repChanged,
  replyPolicyPublished,
  routingRulesPublished,
  teamAdded,
  teamChanged,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const ada = { projectId, ...rep() };
const sales = { projectId, teamId: 'sales', name: 'Sales', regions: [] };

describe('A team', () => {
  it('is added once', () => {
    given().when(addTeam, sales).then(teamAdded());
    given(teamAdded()).when(addTeam, sales).rejects('team-exists');
  });

  it('is led by somebody on the roster', () => {
    given()
      .when(addTeam, { ...sales, leadRepId: 'ada' })
      .rejects('rep-unknown');
    given(teamAdded(), repAdded(rep({ status: 'left' })))
      .when(changeTeam, { projectId, teamId: 'sales', changes: { leadRepId: 'ada' } })
      .rejects('rep-unknown');
    given(teamAdded(), repAdded())
      .when(changeTeam, { projectId, teamId: 'sales', changes: { leadRepId: 'ada' } })
      .then(teamChanged({ leadRepId: 'ada' }));
  });

  it('is changed in parts, and what is null is taken away', () => {
    given(teamAdded({ leadRepId: 'ada' }))
      .when(changeTeam, { projectId, teamId: 'sales', changes: { regions: ['US'], leadRepId: null } })
      .then(teamChanged({ regions: ['US'] }));
    given(teamAdded())
      .when(changeTeam, { projectId, teamId: 'sales', changes: { name: 'Sales' } })
      .then();
    given()
      .when(changeTeam, { projectId, teamId: 'sales', changes: { name: 'Sales' } })
      .rejects('member-unknown');
  });
});

describe('A rep', () => {
  it('is added once, to teams that are there', () => {
    given(teamAdded()).when(addRep, ada).then(repAdded());
    given().when(addRep, ada).rejects('team-unknown');
    given(teamAdded(), repAdded()).when(addRep, ada).rejects('rep-exists');
  });

  it('that left may come back, but is not added again', () => {
    const left = repAdded(rep({ status: 'left' }));
    given(teamAdded(), left).when(addRep, ada).rejects('rep-exists');
    given(teamAdded(), left)
      .when(changeRep, { projectId, repId: 'ada', changes: { status: 'active' } })
      .then(repChanged());
  });

  it('is changed in parts, and what is null is taken away', () => {
    const before = repAdded(rep({ perDay: 3, email: 'ada@example.com' }));
    given(teamAdded(), before)
      .when(changeRep, { projectId, repId: 'ada', changes: { capacity: 7, perDay: null } })
      .then(repChanged(rep({ capacity: 7, email: 'ada@example.com' })));
    given(teamAdded(), before)
      .when(changeRep, { projectId, repId: 'ada', changes: { perDay: 3 } })
      .then();
    given(teamAdded(), before)
      .when(changeRep, { projectId, repId: 'ada', changes: { teamIds: ['nobody'] } })
      .rejects('team-unknown');
    given(teamAdded())
      .when(changeRep, { projectId, repId: 'ada', changes: { capacity: 7 } })
      .rejects('member-unknown');
  });
});

describe('A region that is served', () => {
  const named = routingRulesPublished({ rules: { ...noRules, regions: { EMEA: ['DE', 'FR'], Bavaria: [] } } });

  it.each(['DE', 'deu', 'Germany', 'Turkey', 'Ivory Coast', 'U.S.', 'emea', ' Emea ', 'Bavaria'])(
    'is a country or a name that the rules have: %s',
    (region) => {
      const regions = [region.trim()];
      given(named)
        .when(addTeam, { ...sales, regions })
        .then(teamAdded({ regions }));
      given(teamAdded(), named)
        .when(addRep, { ...ada, regions })
        .then(repAdded(rep({ regions })));
      given(teamAdded(), named)
        .when(changeTeam, { projectId, teamId: 'sales', changes: { regions } })
        .then(teamChanged({ regions }));
      given(teamAdded(), repAdded(), named)
        .when(changeRep, { projectId, repId: 'ada', changes: { regions } })
        .then(repChanged(rep({ regions })));
    },
  );

  it.each(['Mordor', 'APAC', 'ZZ'])('is refused when nobody knows it: %s', (region) => {
    const regions = ['DE', region];
    given(named)
      .when(addTeam, { ...sales, regions })
      .rejects('invalid-request');
    given(teamAdded(), named)
      .when(addRep, { ...ada, regions })
      .rejects('invalid-request');
    given(teamAdded(), named)
      .when(changeTeam, { projectId, teamId: 'sales', changes: { regions } })
      .rejects('invalid-request');
    given(teamAdded(), repAdded(), named)
      .when(changeRep, { projectId, repId: 'ada', changes: { regions } })
      .rejects('invalid-request');
  });

  it('stays where it was before anybody asked for it to be known', () => {
    given(teamAdded({ regions: ['West Coast'] }))
      .when(changeTeam, { projectId, teamId: 'sales', changes: { regions: ['West Coast', 'US'] } })
      .then(teamChanged({ regions: ['West Coast', 'US'] }));
    given(teamAdded(), repAdded(rep({ regions: ['West Coast'] })))
      .when(changeRep, { projectId, repId: 'ada', changes: { capacity: 7 } })
      .then(repChanged(rep({ regions: ['West Coast'], capacity: 7 })));
  });

  it('is kept in the rules for as long as somebody serves it', () => {
    const serving = [teamAdded({ regions: ['emea'] }), named] as const;
    given(...serving)
      .when(publishRoutingRules, { projectId, rules: noRules })
      .rejects('invalid-request');
    const fewer = { ...noRules, regions: { emea: ['PL'] } };
    given(...serving)
      .when(publishRoutingRules, { projectId, rules: fewer })
      .then(routingRulesPublished({ version: 2, rules: fewer }));
    given(teamAdded(), repAdded(rep({ regions: ['emea'], status: 'left' })), named)
      .when(publishRoutingRules, { projectId, rules: noRules })
      .then(routingRulesPublished({ version: 2, rules: noRules }));
  });
});

describe('Routing rules', () => {
  const rules = { ...noRules, defaultTeam: 'sales' };

  it('come into force as the next version, when they fit the roster', () => {
    given(teamAdded(), repAdded()).when(publishRoutingRules, { projectId, rules }).then(routingRulesPublished());
    given(teamAdded(), repAdded(), routingRulesPublished())
      .when(publishRoutingRules, { projectId, rules: noRules, restores: 1 })
      .then(routingRulesPublished({ version: 2, rules: noRules, restores: 1 }));
  });

  it('in force again change nothing', () => {
    given(teamAdded(), repAdded(), routingRulesPublished()).when(publishRoutingRules, { projectId, rules }).then();
  });

  it('that do not fit are refused', () => {
    given().when(publishRoutingRules, { projectId, rules }).rejects('invalid-request');
    given(teamAdded()).when(publishRoutingRules, { projectId, rules }).rejects('invalid-request');
    given(teamAdded()).when(publishRoutingRules, { projectId, rules, restores: 1 }).rejects('routing-rules-outdated');
  });
});

describe('A reply policy', () => {
  it('comes into force as the next version, and again changes nothing', () => {
    const policy = defaultReplyPolicy;
    given().when(publishReplyPolicy, { projectId, policy }).then(replyPolicyPublished());
    given(replyPolicyPublished()).when(publishReplyPolicy, { projectId, policy }).then();
    given(replyPolicyPublished())
      .when(publishReplyPolicy, { projectId, policy: { ...policy, enabled: false } })
      .then(replyPolicyPublished({ version: 2, policy: { ...policy, enabled: false } }));
  });
});

it('A roster has room for so many teams and reps, and no more', () => {
  const teams = Array.from({ length: 200 }, (_, n) => teamAdded({ teamId: `t${n}` }));
  given(...teams)
    .when(addTeam, sales)
    .rejects('roster-full');
  const reps = Array.from({ length: 5_000 }, (_, n) => repAdded(rep({ repId: `r${n}` })));
  expect(() =>
    given(teamAdded(), ...reps)
      .when(addRep, ada)
      .facts(),
  ).toThrow('5000 reps at most');
});
