import { HelpAsked, scriptOf, wholeFrom } from '../src/cli/command-line.ts';
import { beginningOf } from './activity.ts';
import { checksOf } from './checks.ts';
import { deliver } from './deliver.ts';
import { findingsOf } from './findings.ts';
import { handoverChecks, handoverReport } from './handover-report.ts';
import { handOver } from './handover.ts';
import { openProgress } from './progress.ts';
import { createProjects } from './projects.ts';
import { checkLines, nextLines, reportOf } from './report.ts';
import { hireSales } from './sales.ts';
import type { Server } from './server.ts';
import { openServer } from './server.ts';
import { storyOf, visitors } from './story.ts';
import { bold, dim, grouped, red } from './table.ts';
import { openTally } from './tally.ts';
import { playWebhooks, webhookChecks, webhookReport } from './webhooks.ts';

/** Errors that say all there is to know. */
const selfExplaining = ['DemoError', 'ConfigError', 'UsageError'];

const optionsIn = (args: readonly string[]) =>
  scriptOf('demo', `Plays a fortnight of ${visitors} visitors in two new projects, and shows what comes of it.`)
    .option('--seed <number>', 'another story; the same seed tells the same one', wholeFrom('seed', 0), 7)
    .option('--quick', "don't wait a minute until a reply is overdue")
    .addHelpText(
      'after',
      `
It plays on the server at LEADFOLD_URL (default: HOST and PORT, http://127.0.0.1:4000). Where none
runs it starts one, and stops it at the end; the data stays in DATA_DIR (default ./data). The key is
LEADFOLD_ADMIN_KEY, or the one in DATA_DIR/admin-key.`,
    )
    .parse([...args], { from: 'user' })
    .opts();

const show = (lines: readonly string[]): void => console.log(lines.join('\n'));

/** Plays the story on a server, and says whether all that must hold does. */
const play = async (server: Server, { seed, quick }: ReturnType<typeof optionsIn>): Promise<boolean> => {
  const story = storyOf(seed);
  const beginning = beginningOf(new Date());
  const origin = server.own ? 'a server that the demo started' : 'a server that ran already';
  show([`${bold('Leadfold demo')}  ${visitors} visitors in the 14 days from ${beginning.toISOString().slice(0, 10)}`]);
  show([dim(`  ${server.url}, ${origin}; seed ${seed}`)]);

  const projects = await createProjects(server);
  await hireSales(server, projects);
  const begun = performance.now();
  const progress = openProgress(story.arrivals.length, { terminal: process.stdout.isTTY });
  const tally = openTally(progress.advance);
  try {
    await deliver(projects, story.arrivals, { beginning, tally });
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - begun) / 1000;
  show([`${grouped(tally.sent())} events in ${seconds.toFixed(1)} s, each answered when it was on disk`]);

  const handed = await handOver(server, projects, { wait: !quick, say: (line) => show([dim(`  ${line}`)]) });
  const webhooks = await playWebhooks(server);
  const findings = await findingsOf(projects, tally);
  const checks = [...checksOf(story, tally, findings), ...handoverChecks(handed, !quick), ...webhookChecks(webhooks)];
  show([...reportOf(story, tally, findings), '', ...handoverReport(handed), ...webhookReport(webhooks)]);
  show(['', ...checkLines(checks), '', ...nextLines(findings, projects[1].key)]);
  return checks.every(({ holds }) => holds);
};

const run = async (): Promise<number> => {
  const options = optionsIn(process.argv.slice(2));
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(130));
  });
  const server = await openServer(process.env);
  try {
    const playing = play(server, options).then((holds) => (holds ? 0 : 1));
    return await Promise.race([playing, interrupted]);
  } finally {
    await server.stop();
    if (server.own)
      show([dim('  The server is stopped and the data stays: npm start with the same settings goes on.')]);
  }
};

try {
  process.exit(await run());
} catch (error) {
  if (error instanceof HelpAsked) {
    show([error.message]);
    process.exit(0);
  }
  const known = error instanceof Error && selfExplaining.includes(error.name);
  console.error(known ? red(error.message) : error);
  process.exit(1);
}
