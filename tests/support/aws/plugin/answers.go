package main

import (
	"encoding/json"
	"fmt"
	"os"
)

const answersVariable = "AWS_STAND_IN_FILE"

// answers is the whole of AWS as far as the stand-in knows it: one account, one region.
type answers struct {
	Account   string             `json:"account"`
	Region    string             `json:"region"`
	CallerARN string             `json:"callerArn"`
	Clusters  map[string]cluster `json:"clusters"`
}

// cluster describes one EKS cluster; an empty ARN is derived from the account, the region and the name.
type cluster struct {
	Endpoint             string `json:"endpoint"`
	CertificateAuthority string `json:"certificateAuthority"`
	Status               string `json:"status"`
	ARN                  string `json:"arn"`
	Version              string `json:"version"`
}

// readAnswers reads the file that AWS_STAND_IN_FILE names.
func readAnswers() (*answers, error) {
	path := os.Getenv(answersVariable)
	if path == "" {
		return nil, fmt.Errorf("%s is not set: it names the JSON file that stands in for AWS", answersVariable)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the file of %s: %w", answersVariable, err)
	}
	var read answers
	if err := json.Unmarshal(content, &read); err != nil {
		return nil, fmt.Errorf("reading %s as JSON: %w", path, err)
	}
	if read.Account == "" || read.Region == "" {
		return nil, fmt.Errorf("%s has account %q and region %q: both must be given", path, read.Account, read.Region)
	}
	return &read, nil
}
