#!/bin/sh
# An administrator of account 707930574880 runs this once, in this folder. A role or an entry that is there already is left as it is:
# put-role-policy changes its policy, update-assume-role-policy its trust, aws eks update-access-entry all of its groups.
set -u

# deploy
aws iam create-role --role-name datasets-server-hub-prod-deploy --max-session-duration 10800 \
  --assume-role-policy-document file://deploy.trust.json
aws iam put-role-policy --role-name datasets-server-hub-prod-deploy --policy-name datasets-server-hub-prod-deploy \
  --policy-document file://deploy.policy.json
aws eks create-access-entry --region us-east-1 --cluster-name hub-prod \
  --principal-arn arn:aws:iam::707930574880:role/datasets-server-hub-prod-deploy --kubernetes-groups datasets-server:deploy

# preview
aws iam create-role --role-name datasets-server-preview \
  --assume-role-policy-document file://preview.trust.json
aws iam put-role-policy --role-name datasets-server-preview --policy-name datasets-server-hub-prod-preview \
  --policy-document file://preview.policy.json
aws eks create-access-entry --region us-east-1 --cluster-name hub-prod \
  --principal-arn arn:aws:iam::707930574880:role/datasets-server-preview --kubernetes-groups datasets-server:preview

# drift
aws iam create-role --role-name datasets-server-hub-prod-drift \
  --assume-role-policy-document file://drift.trust.json
aws iam put-role-policy --role-name datasets-server-hub-prod-drift --policy-name datasets-server-hub-prod-drift \
  --policy-document file://drift.policy.json
aws eks create-access-entry --region us-east-1 --cluster-name hub-prod \
  --principal-arn arn:aws:iam::707930574880:role/datasets-server-hub-prod-drift --kubernetes-groups datasets-server:drift

# look: the role that people have already; LOOK_ROLE may name another.
LOOK_ROLE="${LOOK_ROLE:-EKS-HUB-Tensorboard}"
aws iam put-role-policy --role-name "$LOOK_ROLE" --policy-name datasets-server-hub-prod-look \
  --policy-document file://look.policy.json
aws eks create-access-entry --region us-east-1 --cluster-name hub-prod \
  --principal-arn "arn:aws:iam::707930574880:role/$LOOK_ROLE" --kubernetes-groups datasets-server:look
# To let the same people run commands in pods: --kubernetes-groups datasets-server:look datasets-server:exec
