/** An event of a stream. */
interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A stream of server-sent events, read as a browser reads it. */
export interface EventReader {
  readonly response: Response;
  readonly events: ReceivedEvent[];
  /** Everything as it came. */
  text(): string;
  /** Settles when the server ends the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream of server-sent events. */
export async function readEvents(url: string, lastEventId?: string): Promise<EventReader> {
  const abort = new AbortController();
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  const response = await fetch(url, { signal: abort.signal, headers });
  const events: ReceivedEvent[] = [];
  let text = '';
  const read = async () => {
    const decoder = new TextDecoder();
    let seen = 0;
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n', seen); end !== -1; end = text.indexOf('\n\n', seen)) {
        events.push(...parse(text.slice(seen, end)));
        seen = end + 2;
      }
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return { response, events, text: () => text, ended, close: () => abort.abort() };
}

function parse(block: string): ReceivedEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  const data = fields.get('data');
  if (data === undefined) return [];
  return [{ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) }];
}
