import { runTool } from './support/tool.ts';
import { metrics } from './metrics/metrics.ts';

await runTool(metrics);
