import type { OutgoingHttpHeaders } from "node:http";

/** An error as AWS answers it. */
export interface AwsError {
  /** The HTTP status. */
  readonly status: number;
  /** Such as `AccessDeniedException`. */
  readonly code: string;
  readonly message: string;
}

/** An answer to send by HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

export const expiredToken: AwsError = {
  status: 403,
  code: "ExpiredToken",
  message: "The security token included in the request is expired",
};

/** The same error reads differently in each service's protocol. */
export function errorAnswer(service: string, { status, code, message }: AwsError): HttpAnswer {
  if (["ecr", "eks", "kms"].includes(service)) {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code };
    return { status, headers, body: JSON.stringify({ __type: code, message }) };
  }
  const error = `<Code>${code}</Code><Message>${message}</Message>`;
  const body =
    service === "s3"
      ? `<Error>${error}</Error>`
      : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>0</RequestId></ErrorResponse>`;
  return { status, headers: { "content-type": "text/xml" }, body };
}
