/** Splits a byte stream into its non-empty lines; a watch sends one JSON document a line. */
export async function* decodeLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    let end = rest.indexOf('\n');
    if (end < 0) continue;
    let start = 0;
    while (end >= 0) {
      if (end > start) yield rest.slice(start, end);
      start = end + 1;
      end = rest.indexOf('\n', start);
    }
    rest = rest.slice(start);
  }
}
