/**
 * Gives the memory of a file back that nobody reads any more. The collector would come in time, but hundreds of files in work
 * would have gathered by then. The buffer must be its own, as what a worker sent and `Response.bytes()` are.
 */
export function freeNow(file: Uint8Array): void {
  if (file.byteLength === file.buffer.byteLength && file.buffer instanceof ArrayBuffer) file.buffer.transfer(0)
}
