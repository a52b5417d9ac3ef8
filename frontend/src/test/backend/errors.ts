export class CodedError extends Error {
  readonly extensions: { code: string; retryAfter?: number };
  constructor(code: string, message = code, retryAfter?: number) {
    super(message);
    this.extensions = { code, retryAfter };
  }
}
