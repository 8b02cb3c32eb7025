/** The bytes of a request for one position, binary tensors both ways. */
export function inferRequest(model: string): Buffer {
  const board = new Float32Array(14 * 8 * 8).map(() => Math.round(Math.random()));
  const tensor = { name: 'board_input', shape: [1, 14, 8, 8], datatype: 'FP32' };
  const parameters = { binary_data_size: board.byteLength };
  const json = JSON.stringify({ inputs: [{ ...tensor, parameters }], parameters: { binary_data_output: true } });
  const head = [
    `POST /v2/models/${model}/infer HTTP/1.1`,
    'Host: 127.0.0.1',
    `Inference-Header-Content-Length: ${json.length}`,
    `Content-Length: ${json.length + board.byteLength}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n${json}`), Buffer.from(board.buffer)]);
}
