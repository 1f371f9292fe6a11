import { migrationGroups } from "../../catalog/jobs";
import { metadata, objectName, type Scope } from "../../catalog/names";
import { secretVariable } from "../foundation/secrets";
import { type BuiltObject, built } from "../objects";
import { timeoutAfter } from "./rollout";
import { writableHome } from "./volumes";
import { imageOf, type PodConfig, type WorkloadArgs, type WorkloadContext, workloadTemplate } from "./workload";

/** What a stack file configures of the migration. */
export interface MigrationConfig extends PodConfig {
  /** A migration that takes longer is stopped, and the deploy with it; seconds. */
  readonly deadlineSeconds: number;
}

export interface MigrationArgs {
  readonly context: WorkloadContext;
  readonly config: MigrationConfig;
}

export const migrationComponent = "mongodb-migration";

/** How long the database may take to answer before the migration gives up; seconds. */
export const databaseWaitSeconds = 120;

/** What brings the database to the version of the image: once for each image, before any workload of it starts. */
export function migrationJob(args: MigrationArgs): BuiltObject<"Job"> {
  const { context } = args;
  const { deadlineSeconds } = args.config;
  const timeout = timeoutAfter(deadlineSeconds);
  const name = migrationName(context.scope, context.images.tag);
  return built(
    "Job",
    {
      metadata: metadata(context.scope, migrationComponent, {
        name,
        // Without it, every later update would wait for the dead Job of a failed one.
        annotations: { "pulumi.com/replaceUnready": "true" },
      }),
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: deadlineSeconds,
        template: workloadTemplate(context, migrationPods(args)),
      },
    },
    {
      // Other settings or resources are no reason to migrate again; a Job's spec cannot change in place.
      ignoreChanges: ["spec"],
      customTimeouts: { create: timeout, update: timeout },
    },
  );
}

/**
 * The Job is named by its image, for Kubernetes and for Pulumi: another image is another Job, and going back finds the first.
 * Twelve digits tell commits apart; with all forty the name would be longer than a Job's may be.
 */
export function migrationName(scope: Scope, tag: string): string {
  return objectName(scope, `${migrationComponent}-${tag.replace(/^sha-/, "").slice(0, 12)}`);
}

/** The migration's workload. Its program ends well when it cannot reach the database, so something else asks first. */
export function migrationPods({ context, config }: MigrationArgs): WorkloadArgs {
  return {
    component: migrationComponent,
    image: "mongodb_migration",
    groups: migrationGroups,
    variables: {},
    config,
    initContainers: [
      {
        name: "wait-for-database",
        image: imageOf(context, "mongodb_migration"),
        command: ["poetry", "run", "python", "-c", waitForDatabase],
        resources: config.resources,
        env: [writableHome, secretVariable("MONGO_URL", "mongoUrl")],
      },
    ],
    pod: { restartPolicy: "Never" },
  };
}

/** All three of its databases are on the server of this one URL. */
const waitForDatabase = [
  "import os, pymongo",
  `client = pymongo.MongoClient(os.environ["MONGO_URL"], serverSelectionTimeoutMS=${databaseWaitSeconds * 1000})`,
  'client.admin.command("ping")',
].join("\n");
