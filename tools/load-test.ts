import { runTool } from './support/tool.ts';
import { loadTest } from './load/load-test.ts';

await runTool(loadTest);
