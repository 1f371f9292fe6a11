import { bench } from "./bench";

void bench();
