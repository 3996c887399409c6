using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Neighbours.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class When_tasks_are_assigned
{
    private static readonly AssignedTasks Example = Read(File.ReadAllText(Requests.TasksFile), out _);
    private readonly Scheduler _scheduler = new(Example with { File = "tasks.yaml" }, new(Fault.None, default));

    [Test]
    public void Should_assign_each_as_it_stands_in_the_file()
    {
        var (first, second) = (_scheduler.Assignments[0], _scheduler.Assignments[1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((first.DeviceId, first.Task!.TaskId, first.Task.Priority, first.Frame), Is.EqualTo(("agv-17", "T-4801", 5, "hall-3")));
            Assert.That(first.Task.Parameters!.Value.GetRawText(), Is.EqualTo("""{"pallet":"P-0901"}"""));
            Assert.That(first.Actions!.Select(action => (action.ActionId, action.Duration!.Mode, action.Idempotent)),
                Is.EqualTo([("a1", Requests.Seconds(15), null), ("a2", Requests.Seconds(8), null), ("a3", Requests.Seconds(15), (bool?)true)]));
            Assert.That(JsonSerializer.Serialize(first.Actions![0].Path), Is.EqualTo("""{"type":"LineString","coordinates":[[2.0,1.0],[18.5,1.0]]}"""));
            Assert.That((second.Task!.TaskId, second.Scope!.OfflineAllowance), Is.EqualTo(("T-4802", TimeSpan.FromMinutes(1))));
        }
    }

    [Test]
    public void Should_be_the_same_assignment_after_a_restart_and_another_when_changed()
    {
        var again = new Scheduler(Read(File.ReadAllText(Requests.TasksFile), out _), new(Fault.None, default)).Assignments;
        var changed = new Scheduler(Read(File.ReadAllText(Requests.TasksFile).Replace("P-0901", "P-0902"), out _), new(Fault.None, default)).Assignments;

        Assert.That(again.Select(one => one.ContractId), Is.EqualTo(_scheduler.Assignments.Select(one => one.ContractId)));
        Assert.That(changed[0].ContractId, Is.Not.EqualTo(again[0].ContractId));
    }

    [Test]
    public async Task Should_assign_on_the_bus_again_until_there_is_an_answer()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Scheduler:Tasks", Requests.TasksFile));
        await neighbours.Answer<TaskAssigned>();
        await neighbours.Time.Awaited.WaitAsync(TimeSpan.FromSeconds(30));
        var accepted = new TaskAccepted { ContractId = _scheduler.Assignments[0].ContractId!.Value, TaskId = "T-4801" };
        await neighbours.Publish(accepted);
        await neighbours.Consumed(accepted);
        neighbours.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.That(() => neighbours.Sent<TaskAssigned>().Count, Is.EqualTo(3).After(30_000, 20), "both, then the one that was not answered");
    }

    [Test]
    public async Task Should_reassign_what_is_left_to_another_device_with_a_new_contract()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Scheduler:Tasks", Requests.TasksFile));
        var request = Requests.Reassignment();
        await neighbours.Publish(request);
        await neighbours.Consumed(request);

        var successor = Successor(request)!;
        Assert.That(neighbours.Sent<TaskAssigned>().Select(assigned => assigned.ContractId), Does.Contain(successor.ContractId));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(successor.ContractId, Is.Not.EqualTo(request.ContractId));
            Assert.That((successor.DeviceId, successor.Task, successor.Actions), Is.EqualTo(("agv-18", request.Task, request.RemainingActions)));
            Assert.That((successor.Frame, successor.Scope), Is.EqualTo((Example.Tasks[0].Frame, Example.Tasks[0].Scope)));
        }
    }

    [Test]
    public void Should_repeat_the_same_assignment_when_it_is_asked_again()
    {
        var request = Requests.Reassignment();

        Assert.That(Successor(request with { Attempt = 2 })!.ContractId, Is.EqualTo(Successor(request)!.ContractId));
        Assert.That(Successor(request with { ExcludeDevices = ["agv-17", "agv-18"] }), Has.Property("DeviceId").EqualTo("agv-19"));
    }

    [Test]
    public void Should_give_no_device_a_task_again_that_it_had_before()
    {
        var first = Requests.Reassignment();
        var second = Leaving(Successor(first)!);
        var third = Leaving(Successor(second)!);

        Assert.That((second.ExcludeDevices.Single(), third.ExcludeDevices.Single(), Successor(third)), Is.EqualTo(("agv-18", "agv-19", (TaskAssigned?)null)));
        Assert.That(((INeighbour<ReassignmentRequested>)_scheduler).Why(third), Does.EndWith("agv-19 must not have it; agv-17, agv-18 had it before"));
        Assert.That((Successor(first)!.DeviceId, Successor(second)!.DeviceId), Is.EqualTo(("agv-18", "agv-19")), "a request that is repeated late");
        Assert.That(Successor(Requests.Reassignment() with { TaskId = "T-4802", ExcludeDevices = ["agv-18"] })!.DeviceId, Is.EqualTo("agv-17"), "another task");
    }

    [Test]
    public void Should_say_why_when_no_device_is_left_or_the_task_is_not_its_own()
    {
        var (noDevice, noTask) = (Requests.Reassignment() with { ExcludeDevices = ["agv-17", "agv-18", "agv-19"] }, Requests.Reassignment() with { TaskId = "T-1" });
        INeighbour<ReassignmentRequested> scheduler = _scheduler, without = new Scheduler(AssignedTasks.None, new(Fault.None, default));

        Assert.That((Successor(noDevice), Successor(noTask)), Is.EqualTo(((TaskAssigned?)null, (TaskAssigned?)null)));
        Assert.That(scheduler.Why(noDevice), Does.StartWith("task T-4801 has no device left: tasks.yaml has agv-17, agv-18, agv-19"));
        Assert.That(scheduler.Why(noTask), Does.StartWith("task T-1 is not in tasks.yaml"));
        Assert.That(without.Why(noTask), Does.Contain("no file is given (Neighbours:Scheduler:Tasks)"));
    }

    [Test]
    public void Should_name_every_fault_of_the_file_with_line_and_key()
    {
        const string file = """
            tasks:
              - deviceId: agv-17
                task: { taskId: 4711, type: deliver }
              - deviceId: agv-17
                task: { taskId: T-1 }
                revision: 2
                scope:
                  offlineAllowance: PT1M
                actions: []
              - deviceId: agv-17
                task: { taskId: T-2, type: deliver }
                actions:
                  - actionId: a1
                    duration:
                      min: 10s
              - deviceId: agv-17
                taks: { taskId: T-3, type: deliver }
              - stop
            device: [agv-17]
            """;
        Read(file, out var faults);

        Assert.That(faults, Is.EqualTo([
            "t line 1: devices: is missing",
            "t line 3: tasks[0].task.taskId: The JSON value could not be converted to System.String.",
            "t line 5: tasks[1].task.type: is missing",
            "t line 9: tasks[1].actions: is missing",
            "t line 7: tasks[1].scope.actionTypes: is missing",
            "t line 6: tasks[1].revision: is made by the Execution Manager",
            "t line 15: tasks[2].actions[0].duration.min: '10s' is no ISO 8601 duration of days and smaller, such as \"PT30S\" or \"P1DT2H\".",
            "t line 17: tasks[3].taks: is not known here",
            "t line 18: tasks[4]: needs keys and values",
            "t line 19: device: is not known here (known: devices, tasks)",
        ]));
    }

    [TestCase("- a", "t line 1: tasks: ")]
    [TestCase("devices: [a]\ntasks:\n  - { task: ", "t line 4: YAML: ")]
    public void Should_say_where_it_is_no_such_file_at_all(string file, string expected)
    {
        Read(file, out var faults);
        Assert.That(faults[0], Does.StartWith(expected));
    }

    [Test]
    public void Should_not_start_with_a_faulty_file()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "faulty-tasks.yaml");
        File.WriteAllText(file, "devices: [a]\ntasks: 3\n");

        Assert.That(async () => await Neighbourhood.Start(("Neighbours:Scheduler:Tasks", file)),
            Throws.InstanceOf<OptionsValidationException>().With.Message.EqualTo($"Neighbours:Scheduler:Tasks: {file} line 2: tasks: needs a list"));
    }

    private TaskAssigned? Successor(ReassignmentRequested request) => (TaskAssigned?)_scheduler.Answer(request, Requests.Now);

    /// <summary>What an assignment was given to gives it up: only that device is excluded.</summary>
    private static ReassignmentRequested Leaving(TaskAssigned assigned) =>
        Requests.Reassignment() with { ContractId = assigned.ContractId!.Value, ExcludeDevices = [assigned.DeviceId!] };

    private static AssignedTasks Read(string text, out IReadOnlyList<string> faults)
    {
        var found = new YamlFaults("t");
        var tasks = AssignedTasks.Read(new StringReader(text), found);
        faults = found.All;
        return tasks;
    }
}
