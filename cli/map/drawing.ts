/** What is drawn, before anything has a place. */
export interface Drawing {
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly flows: readonly Flow[];
}

export interface Box {
  readonly id: string;
  /** Decides its colour; those of kind `pods` stand within one border. */
  readonly kind: "outside" | "balancer" | "pods" | "data";
  readonly title: string;
  readonly lines: readonly string[];
}

/** An arrow between two boxes. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** Text of one or more lines. */
  readonly label: string;
  /** Whether it is drawn as straight as can be. Default: no. */
  readonly isMain?: boolean;
}

/** The border around all pods, as an end of a flow. */
export const allPods = "all pods";
