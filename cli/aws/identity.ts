import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import { UserError } from "../../cluster/userError";
import { explaining } from "./faults";

/**
 * Who the credentials are, as an ARN.
 *
 * @throws when they are of another account.
 */
export async function identifyCaller(sts: STSClient, account: string): Promise<string> {
  const { Account, Arn = "" } = await explaining("ask AWS who you are", () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  if (Account !== account) {
    throw new UserError(
      `you are ${Arn}, of account ${Account}, and the stack belongs to account ${account}; no changes were made`,
      "use credentials of that account, such as AWS_PROFILE=tb",
    );
  }
  return Arn;
}
