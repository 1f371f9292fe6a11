// The stand-in for datasets-server's images, MongoDB's and the pause container: one program that is told by its name and its
// command line, as the pods write them, whom it plays.
//
// What it is told beside that stands in the environment, where an image of its own sets it:
//
//	STANDIN_START_SECONDS  time before it serves or works
//	STANDIN_FAIL           last words; it ends with code 1 once it has started
//	STANDIN_JOB_SECONDS    length of each job: of a worker, which has none by default, or of a scheduled one
//	STANDIN_STOP_SECONDS   time that it takes to end after SIGTERM, beyond what is under way
//	STANDIN_DEAF           any value: SIGTERM does nothing
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

var mainFile = regexp.MustCompile(`^src/([a-z_]+)/main\.py$`)

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	switch name {
	case "pause":
		<-terminated()
	case "mongod":
		mongod()
	case "mongosh":
		mongosh(args)
	case "poetry":
		poetry(args)
	case "standin":
		standin(args)
	default:
		fail("there is no %s here", name)
	}
}

// poetry run python -c SCRIPT asks for the database; poetry run python src/PACKAGE/main.py is the application.
func poetry(args []string) {
	if len(args) == 4 && args[2] == "-c" {
		waitForDatabase(os.Getenv("MONGO_URL"), 120*time.Second)
		return
	}
	if len(args) != 3 || args[0] != "run" || args[1] != "python" {
		fail("poetry: no such command: %q", args)
	}
	found := mainFile.FindStringSubmatch(args[2])
	if found == nil {
		fail("python: can't open file %q", args[2])
	}
	application(found[1])
}

func application(component string) {
	umaskAtStart = umask()
	go control(component)
	stop := terminated()
	if !wait(seconds("STANDIN_START_SECONDS", 0), stop) {
		os.Exit(143)
	}
	if words := os.Getenv("STANDIN_FAIL"); words != "" {
		fail("%s", words)
	}
	for _, name := range []string{"CACHE_MONGO_URL", "QUEUE_MONGO_URL"} {
		if url := secret(name); url != "" {
			waitForDatabase(url, 30*time.Second)
		}
	}
	switch {
	case component == "worker":
		worker(stop)
	case servers[component].health != "":
		serve(component, servers[component], stop)
	default:
		scheduled(component, stop)
	}
	time.Sleep(seconds("STANDIN_STOP_SECONDS", 0))
}

// Jobs and the migration do not listen to SIGTERM: Python ends.
func scheduled(component string, stop <-chan struct{}) {
	logLine("%s %s started", component, os.Getenv("CACHE_MAINTENANCE_ACTION"))
	if !wait(seconds("STANDIN_JOB_SECONDS", 0), stop) {
		os.Exit(143)
	}
	logLine("%s %s finished", component, os.Getenv("CACHE_MAINTENANCE_ACTION"))
}

// terminated is closed by the first SIGTERM.
func terminated() <-chan struct{} {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for range signals {
			if os.Getenv("STANDIN_DEAF") == "" && !hung.Load() {
				logLine("SIGTERM")
				close(done)
				return
			}
		}
	}()
	return done
}

// wait tells whether the time was over before the end was asked for.
func wait(duration time.Duration, stop <-chan struct{}) bool {
	select {
	case <-time.After(duration):
		return true
	case <-stop:
		return false
	}
}

func seconds(name string, otherwise float64) time.Duration {
	number, err := strconv.ParseFloat(os.Getenv(name), 64)
	if err != nil {
		number = otherwise
	}
	return time.Duration(number * float64(time.Second))
}

func logLine(format string, values ...any) {
	fmt.Printf("%s - INFO - %s\n", time.Now().UTC().Format(time.RFC3339Nano), fmt.Sprintf(format, values...))
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
