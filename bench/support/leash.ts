// Loaded first by every process of a benchmark: it ends when the process that started it is gone, however that ended.
process.once('disconnect', () => process.exit());
