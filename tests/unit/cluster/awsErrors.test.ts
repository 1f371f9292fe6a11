import assert from "node:assert/strict";
import { awsError, explaining } from "../../../cluster/awsErrors";

describe("an error of AWS", () => {
  /** As the AWS SDK throws it in a command. */
  const ofSdk = (name: string, message: string) => Object.assign(new Error(message), { name });
  /** As the AWS provider throws it in the program. */
  const ofProvider = (said: string) => new Error(`reading EKS Cluster (hub-prod): ${said}`);

  it("tells what could not be done, why, and what to do", async () => {
    const expired = ofSdk("ExpiredToken", "The provided token has expired.");
    await assert.rejects(
      explaining("read it", () => Promise.reject(expired)),
      {
        name: "UserError",
        message: "cannot read it: the AWS credentials have expired (The provided token has expired.)",
        next: "sign in again, such as with: aws sso login --profile=tb (aws sts get-caller-identity says who you are)",
        cause: expired,
      },
    );
  });

  it("has its cause found by the code in the words of the provider too", () => {
    const said = "operation error EKS: DescribeCluster, api error AccessDeniedException: not authorized";
    const { message, next } = awsError("look it up", ofProvider(said));
    assert.equal(
      message,
      `cannot look it up: these credentials have no permission to do that (reading EKS Cluster (hub-prod): ${said})`,
    );
    assert.match(next ?? "", /^ask for the permissions of docs\/access\.md/);
  });

  const both = {
    "credentials that have expired": {
      errors: [
        ofSdk("ExpiredTokenException", "The security token included in the request is expired"),
        ofSdk("CredentialsProviderError", "The SSO session associated with this profile has expired."),
        ofProvider("api error ExpiredTokenException: The security token is expired"),
        ofProvider("failed to refresh cached credentials, the SSO session has expired or is invalid"),
      ],
      cause: /the AWS credentials have expired/,
      next: /^sign in again/,
    },
    "no credentials": {
      errors: [
        ofSdk("CredentialsProviderError", "Could not load credentials from any providers"),
        ofProvider("No valid credential sources found"),
      ],
      cause: /there are no AWS credentials in the environment/,
      next: /^sign in again/,
    },
    "a cluster that is not there": {
      errors: [
        ofSdk("ResourceNotFoundException", "No cluster found for name: hub-prod."),
        ofProvider("couldn't find resource"),
      ],
      cause: /there is no such cluster/,
      next: /^check cluster\.name, cluster\.region and cluster\.account of the stack file$/,
    },
    "a network that does not reach AWS": {
      errors: [
        Object.assign(new Error(""), { code: "ECONNREFUSED" }),
        ofProvider('Post "https://eks.us-east-1.amazonaws.com": dial tcp: lookup eks: no such host'),
      ],
      cause: /AWS does not answer/,
      next: /^see whether this machine reaches AWS/,
    },
  };
  for (const [is, { errors, cause, next }] of Object.entries(both)) {
    it(`tells of ${is}, with the same words in commands and in the program`, () => {
      for (const error of errors) {
        const told = awsError("do it", error);
        assert.match(told.message, cause);
        assert.match(told.next ?? "", next);
      }
    });
  }

  it("names the stack's profile in the commands to type", () => {
    const { next } = awsError("look it up", ofProvider("AWS account ID not allowed: 123456789012"), "ci");
    assert.match(next ?? "", /aws sso login --profile=ci \(aws sts get-caller-identity --profile=ci /);
  });

  it("is told in its own words when its cause is not known", () => {
    const { message, next } = awsError("read it", ofSdk("SlowDown", "Please reduce your request rate."));
    assert.equal(message, "cannot read it: Please reduce your request rate.");
    assert.equal(next, "see whose credentials are in use: aws sts get-caller-identity");
  });

  it("is not taken for one whose code is part of its own", () => {
    const { message } = awsError("read it", ofSdk("PolicyNotFoundException", "There is none."));
    assert.equal(message, "cannot read it: There is none.");
  });
});
