import { runTool } from './support/tool.ts';
import { verify } from './verify/verify.ts';

await runTool(verify);
