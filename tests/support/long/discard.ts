import { removeWithProcesses } from "../e2e/removal";
import { longFolder } from "./part";

// Ends what interrupted long tests left running, so that they could go on, and removes their records.
void removeWithProcesses(longFolder);
