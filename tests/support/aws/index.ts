export type { AwsFront, EksCluster } from "./front";
export { account, awsRootEnvironment, type Moto, region, startMoto } from "./moto";
export { installAwsStandIn } from "./plugin";
