package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Where a container is asked about itself: a socket of the pod's network namespace, which no other pod reaches.
const controlSocket = "@standin"

var umaskAtStart string

// standin PATH asks the container's main process; `standin idle` is one that only answers such questions.
func standin(args []string) {
	if len(args) != 1 {
		fail("standin: expected one path, such as /report")
	}
	if args[0] == "idle" {
		umaskAtStart = umask()
		go control("idle")
		<-terminated()
		return
	}
	dial := func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", controlSocket) }
	client := http.Client{Transport: &http.Transport{DialContext: dial}}
	response, err := client.Get("http://standin" + args[0])
	if err != nil {
		fail("%v", err)
	}
	io.Copy(os.Stdout, response.Body)
	if response.StatusCode != http.StatusOK {
		os.Exit(1)
	}
}

func control(component string) {
	listener, err := net.Listen("unix", controlSocket)
	if err != nil {
		fail("%v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/report", func(response http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(response).Encode(report(component))
	})
	// Such as /connect?to=tcp/10.0.0.1:80&to=udp/10.0.0.1:53: a line for each, in that order.
	mux.HandleFunc("/connect", func(response http.ResponseWriter, request *http.Request) {
		query := request.URL.Query()
		fmt.Fprintln(response, strings.Join(connectAll(query["to"], milliseconds(query.Get("within"))), "\n"))
	})
	// Such as /listen?on=tcp/22&on=udp/53.
	mux.HandleFunc("/listen", func(response http.ResponseWriter, request *http.Request) {
		for _, place := range request.URL.Query()["on"] {
			network, port, _ := strings.Cut(place, "/")
			fmt.Fprintln(response, listen(network, port))
		}
	})
	mux.HandleFunc("/write", func(response http.ResponseWriter, request *http.Request) {
		query := request.URL.Query()
		size, _ := strconv.ParseInt(query.Get("bytes"), 10, 64)
		fmt.Fprintln(response, write(query.Get("path"), size))
	})
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { hung.Store(true) })
	mux.HandleFunc("/fail", func(_ http.ResponseWriter, request *http.Request) {
		fail("%s", request.URL.Query().Get("words"))
	})
	fail("%v", http.Serve(listener, mux))
}

func milliseconds(text string) time.Duration {
	number, err := strconv.Atoi(text)
	if err != nil {
		number = 1000
	}
	return time.Duration(number) * time.Millisecond
}

func connectAll(places []string, within time.Duration) []string {
	results := make([]string, len(places))
	var open sync.WaitGroup
	for index, place := range places {
		network, address, _ := strings.Cut(place, "/")
		open.Go(func() { results[index] = connect(network, address, within) })
	}
	open.Wait()
	return results
}

// connect says whether a connection opened, was refused, or neither within the limit. A datagram counts when it is echoed.
func connect(network, to string, within time.Duration) string {
	connection, err := net.DialTimeout(network, to, within)
	if err == nil {
		defer connection.Close()
		connection.SetDeadline(time.Now().Add(within))
		if network != "udp" {
			return "opened"
		}
		if _, err = connection.Write([]byte("standin")); err == nil {
			_, err = connection.Read(make([]byte, 16))
		}
	}
	var timeout net.Error
	switch {
	case err == nil:
		return "opened"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	}
	return err.Error()
}

// listen accepts connections, or echoes datagrams, until the process ends.
func listen(network, port string) string {
	if network == "udp" {
		packets, err := net.ListenPacket("udp", ":"+port)
		if err != nil {
			return err.Error()
		}
		go func() {
			for buffer := make([]byte, 16); ; {
				if size, from, err := packets.ReadFrom(buffer); err == nil {
					packets.WriteTo(buffer[:size], from)
				}
			}
		}()
		return "ok"
	}
	listener, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err.Error()
	}
	go func() {
		for {
			if connection, err := listener.Accept(); err == nil {
				connection.Close()
			}
		}
	}()
	return "ok"
}

// write fills a file of a size and leaves it there, or says why it cannot.
func write(path string, size int64) string {
	file, err := os.Create(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	for chunk := make([]byte, 1<<20); size > 0 && err == nil; size -= int64(len(chunk)) {
		_, err = file.Write(chunk[:min(size, int64(len(chunk)))])
	}
	return done(err)
}

type fileReport struct {
	Sha256 string `json:"sha256"`
	Mode   string `json:"mode"`
}

type processReport struct {
	Component   string                `json:"component"`
	Command     []string              `json:"command"`
	Uid         int                   `json:"uid"`
	Gid         int                   `json:"gid"`
	Groups      []int                 `json:"groups"`
	Umask       string                `json:"umask"`
	Status      map[string]string     `json:"status"`
	Variables   map[string]string     `json:"variables"`
	SecretFiles map[string]fileReport `json:"secretFiles"`
	// By folder: "ok", or why it cannot be written to.
	Writes   map[string]string `json:"writes"`
	HasToken bool              `json:"hasToken"`
}

// report tells who the process is and what it was given: variables and secret files by the hash of what they hold.
func report(component string) processReport {
	groups, _ := os.Getgroups()
	_, noToken := os.Stat("/var/run/secrets/kubernetes.io/serviceaccount/token")
	result := processReport{
		Component: component, Command: os.Args, Uid: os.Getuid(), Gid: os.Getgid(), Groups: groups, Umask: umaskAtStart,
		Status: processStatus(), Variables: map[string]string{}, SecretFiles: map[string]fileReport{},
		Writes: map[string]string{}, HasToken: noToken == nil,
	}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		result.Variables[name] = hash([]byte(value))
	}
	if folder := os.Getenv("SECRETS_DIR"); folder != "" {
		result.SecretFiles = secretFiles(folder)
	}
	for _, folder := range append([]string{"/", "/etc", "/usr/bin", "/var"}, mountedFolders()...) {
		path := filepath.Join(folder, fmt.Sprintf(".standin-%d", os.Getpid()))
		result.Writes[folder] = write(path, 1)
		os.Remove(path)
	}
	return result
}

func secretFiles(folder string) map[string]fileReport {
	found := map[string]fileReport{}
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		mode := "?"
		if info, err := os.Stat(path); err == nil {
			mode = fmt.Sprintf("%04o", info.Mode()&fs.ModePerm)
		}
		found[entry.Name()] = fileReport{hash(content), mode}
	}
	return found
}

// mountedFolders are those that the pod's volumes are at.
func mountedFolders() []string {
	mounts, _ := os.ReadFile("/proc/self/mounts")
	var folders []string
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		info, err := os.Stat(fields[1])
		if err == nil && info.IsDir() && fields[1] != "/" && !strings.HasPrefix(fields[1], "/proc") &&
			!strings.HasPrefix(fields[1], "/sys") && !strings.HasPrefix(fields[1], "/dev") {
			folders = append(folders, fields[1])
		}
	}
	return folders
}

func processStatus() map[string]string {
	content, _ := os.ReadFile("/proc/self/status")
	found := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp":
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}

func umask() string {
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	return fmt.Sprintf("%04o", mask)
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
