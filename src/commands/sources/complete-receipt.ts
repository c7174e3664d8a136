import { z } from 'zod';
import { receipt, receiptEvents, receiptLimits } from '../../domain/sources/receipt.ts';
import { command } from '../../engine/command.ts';

/** Says what became of a webhook, when all of it is recorded. Of two that did the same at the same time, the first one's counts. */
export const completeReceipt = command(receipt)({
  name: 'CompleteReceipt',
  input: receiptEvents.ReceiptCompleted.omit({ at: true }).extend({ projectId: z.string() }),
  id: ({ projectId, receiptId }) => `${projectId}.${receiptId}`,
  decide: ({ last }, { projectId: _, ...completed }, { now }) => {
    const isFresh = last && now.getTime() - Date.parse(last.at) < receiptLimits.hashedForMs;
    return isFresh ? [] : [{ type: 'ReceiptCompleted', data: { ...completed, at: now.toISOString() } }];
  },
});
