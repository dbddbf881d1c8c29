// One session on a node: a WebSocket that carries the native protocol.

import { decodeMessage, type Message } from "./decode";
import { type Argument, connectRequest, functionRequest, type RequestOptions, scriptRequest } from "./encode";
import { type Value, WireError } from "./types";

/** The node's own words about what a request asked for. */
export class ServerError extends Error {}
/** The node cannot be reached, or the connection broke before the answer came. */
export class ConnectionLost extends Error {}

export interface Answer {
  /** Null: a statement without value. */
  readonly value: Value | null;
  /** Rows of the whole table where only its first ones were asked for and sent. */
  readonly rowsInAll: number | null;
}

export interface RunOptions extends RequestOptions {
  readonly onPrint?: (text: string) => void;
}

interface Waiting {
  readonly request: (session: string) => Uint8Array<ArrayBuffer>;
  readonly onPrint: (text: string) => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const connectWaitMs = 10_000;
const normalClosure = 1000;

/** Requests are answered one after another. Variables live as long as the connection. */
export class Connection {
  /** The node's number for this session. */
  session = "0";
  private readonly socket: WebSocket;
  private readonly waiting: Waiting[] = [];
  private closed = false;

  private constructor(
    url: string,
    private readonly onLost: () => void,
  ) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", (event) => this.take(event.data as ArrayBuffer));
    this.socket.addEventListener("close", () => this.lose());
  }

  /** `onLost` is called once, when the connection ends otherwise than by close(). */
  static async open(url: string, onLost: () => void = () => {}): Promise<Connection> {
    const connection = new Connection(url, onLost);
    await connection.whenOpen();
    await connection.ask({}, () => connectRequest());
    return connection;
  }

  run(script: string, options: RunOptions = {}): Promise<Answer> {
    return this.ask(options, (session) => scriptRequest(session, script, options));
  }
  async call(name: string, args: readonly Argument[], options: RunOptions = {}): Promise<Value | null> {
    const answer = await this.ask(options, (session) => functionRequest(session, name, args, options));
    return answer.value;
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close(normalClosure);
    this.refuseAll();
  }

  private whenOpen(): Promise<void> {
    const { socket } = this;
    return new Promise((resolve, reject) => {
      const give = (error: Error) => {
        clearTimeout(timer);
        this.closed = true;
        socket.close();
        reject(error);
      };
      const timer = setTimeout(() => give(new ConnectionLost("no answer")), connectWaitMs);
      socket.addEventListener("close", () => give(new ConnectionLost("refused")), { once: true });
      socket.addEventListener("open", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private ask(options: RunOptions, request: Waiting["request"]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new ConnectionLost("closed"));
        return;
      }
      this.waiting.push({ request, onPrint: options.onPrint ?? (() => {}), resolve, reject });
      if (this.waiting.length === 1) this.sendFirst();
    });
  }

  private sendFirst(): void {
    const first = this.waiting[0];
    if (first !== undefined) this.socket.send(first.request(this.session));
  }

  private take(data: ArrayBuffer): void {
    const first = this.waiting[0];
    if (first === undefined) return;
    const message = readable(data);
    if (message instanceof Error) {
      this.settle(() => first.reject(message));
      return;
    }
    if (message.kind === "print") {
      first.onPrint(message.text);
      return;
    }
    this.session = message.session;
    if (message.kind === "error") this.settle(() => first.reject(new ServerError(message.text)));
    else this.settle(() => first.resolve({ value: message.value, rowsInAll: message.rowsInAll }));
  }

  private settle(tell: () => void): void {
    this.waiting.shift();
    this.sendFirst();
    tell();
  }

  private lose(): void {
    if (this.closed) return;
    this.closed = true;
    this.refuseAll();
    this.onLost();
  }

  private refuseAll(): void {
    for (const { reject } of this.waiting.splice(0))
      reject(new ConnectionLost("the connection ended before the answer"));
  }
}

/** Messages are framed, so a message that cannot be read leaves the connection usable. */
function readable(data: ArrayBuffer): Message | Error {
  try {
    return decodeMessage(new Uint8Array(data));
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError) return error;
    throw error;
  }
}
