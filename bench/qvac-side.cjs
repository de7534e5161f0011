// The other side of bench/qvac.ts: LoRA by @qvac/llm-llamacpp, run by Bare from the folder where both are installed.
// Prints what the library says of its last training batch and of the whole.
//
//     bare qvac-side.cjs FOLDER MODEL.gguf TEXT OUT SEQUENCE
const { join } = require('bare-path');

const [, , folder, model, text, out, sequence] = Bare.argv;
const Qvac = require(join(folder, 'node_modules/@qvac/llm-llamacpp'));

async function main() {
  const config = { device: 'cpu', gpu_layers: '0', ctx_size: sequence, threads: '2', verbosity: '0' };
  const engine = new Qvac({ files: { model: [model] }, config, opts: { stats: true } });
  await engine.load();
  const handle = await engine.finetune({
    trainDatasetDir: text,
    validation: { type: 'none' },
    outputParametersDir: join(out, 'adapter'),
    checkpointSaveDir: join(out, 'checkpoints'),
    contextLength: Number(sequence),
    batchSize: Number(sequence),
    microBatchSize: Number(sequence),
    loraModules: 'attn_q,attn_k,attn_v,attn_o,ffn_gate,ffn_up,ffn_down',
    loraRank: 16,
    loraAlpha: 32,
    lrScheduler: 'constant',
  });
  handle.on('stats', (stats) => console.log(`STATS ${JSON.stringify(stats)}`));
  await handle.await();
  Bare.exit(0);
}

main().catch((error) => {
  console.error(error);
  Bare.exit(1);
});
