package main

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	databasePort = "27017"
	askLimit     = 2 * time.Second
)

// mongod keeps in its data folder whether it is a replica set, and the lines that workers record. It answers lines by lines:
// only the stand-ins speak to it.
func mongod() {
	umaskAtStart = umask()
	go control("mongod")
	stop := terminated()
	time.Sleep(seconds("STANDIN_START_SECONDS", 0))
	if words := os.Getenv("STANDIN_FAIL"); words != "" {
		fail("%s", words)
	}
	address := "127.0.0.1:" + databasePort
	if slices.Contains(os.Args, "--bind_ip_all") {
		address = ":" + databasePort
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail("mongod cannot listen: %v", err)
	}
	logLine("Waiting for connections on %s", address)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				for lines := bufio.NewScanner(connection); lines.Scan(); {
					fmt.Fprintln(connection, databaseAnswer(lines.Text()))
				}
			}()
		}
	}()
	<-stop
	listener.Close()
	time.Sleep(seconds("STANDIN_STOP_SECONDS", 0))
	logLine("mongod shutdown complete")
}

var databaseLock sync.Mutex

func databaseAnswer(line string) string {
	const setFile, recordFile = "/data/db/replica-set", "/data/db/records"
	databaseLock.Lock()
	defer databaseLock.Unlock()
	command, rest, _ := strings.Cut(line, " ")
	switch command {
	case "ping":
		return "ok"
	case "initiate":
		return done(os.WriteFile(setFile, []byte(rest), 0o600))
	case "primary":
		_, err := os.Stat(setFile)
		return done(err)
	case "record":
		file, err := os.OpenFile(recordFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintln(file, rest)
			file.Close()
		}
		return done(err)
	case "records":
		content, _ := os.ReadFile(recordFile)
		return strings.ReplaceAll(strings.TrimSpace(string(content)), "\n", "; ")
	}
	return "no such command"
}

func done(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}

// mongosh does what its script asks for: ping, initiation, or the records.
func mongosh(args []string) {
	at, script := "127.0.0.1:"+databasePort, ""
	for index, arg := range args {
		if strings.HasPrefix(arg, "mongodb://") {
			at = hostOf(arg)
		}
		if arg == "--eval" && index+1 < len(args) {
			script = args[index+1]
		}
	}
	if strings.Contains(script, "rs.initiate") {
		untilAnswered(at, "initiate rs0", 30*time.Second)
		untilAnswered(at, "primary", 30*time.Second)
		return
	}
	command := "ping"
	if script == "records" {
		command = script
	}
	answer, err := ask(at, command)
	if err != nil {
		fail("MongoNetworkError: %v", err)
	}
	fmt.Println(answer)
}

// waitForDatabase ends the program where a database does not answer in time; one outside the cluster is not asked.
func waitForDatabase(address string, limit time.Duration) {
	if at := hostOf(address); at != "" {
		untilAnswered(at, "ping", limit)
	}
}

func untilAnswered(at, command string, limit time.Duration) {
	if err := answeredWithin(at, command, limit); err != nil {
		fail("%v", err)
	}
}

// One of a process looks for a database that is away, and all that need it wait for that one.
var search sync.Mutex

// answeredWithin asks until the answer is ok, or the limit is over.
func answeredWithin(at, command string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	if answer, err := ask(at, command); err == nil && answer == "ok" {
		return nil
	}
	search.Lock()
	defer search.Unlock()
	for ; ; time.Sleep(200 * time.Millisecond) {
		answer, err := ask(at, command)
		if err == nil && answer == "ok" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("ServerSelectionTimeoutError: %s: %v %s, Timeout: %s", at, err, answer, limit)
		}
	}
}

func ask(at, command string) (string, error) {
	connection, err := net.DialTimeout("tcp", at, askLimit)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(askLimit))
	fmt.Fprintln(connection, command)
	answer, err := bufio.NewReader(connection).ReadString('\n')
	return strings.TrimSpace(answer), err
}

// hostOf returns the host and port of a mongodb:// URL of one host; of anything else "".
func hostOf(address string) string {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil || parsed.Scheme != "mongodb" {
		return ""
	}
	return parsed.Host
}
