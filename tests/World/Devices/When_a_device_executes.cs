using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_device_executes
{
    [Test]
    public void Should_journal_each_step_without_gaps_as_it_happens()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Ack(2);
        var sent = bench.Run(130).On("journal");

        Assert.That(bench.Journal(), Is.EqualTo("accepted actionStarted:a1 actionFinished:a1 actionStarted:a2 actionFinished:a2 completed"));
        Assert.That(bench.View().Journal.Select(e => e.Seq), Is.EqualTo(Enumerable.Range(1, 6)));
        Assert.That(sent[0].GetProperty("entries").EnumerateArray().Select(e => e.Text("seq")), Is.EqualTo(new[] { "3", "4" }));
    }

    [Test]
    public void Should_take_as_long_as_the_contract_says()
    {
        var contract = Bench.Contract(actions: ["a1", "a2", "a3", "a4"]);
        foreach (var action in contract["actions"]!.AsArray())
            action!["duration"] = new JsonObject { ["min"] = "PT40S", ["mode"] = "PT1M", ["max"] = "PT2M" };
        var bench = Bench.Connected();
        bench.Push(contract);
        bench.Run(500);

        var took = bench.Device.Executions.Select(e => (e.EndedAt!.Value - e.StartedAt).TotalSeconds).ToArray();
        Assert.That(took, Is.All.InRange(40, 120));
        Assert.That(took.Distinct().Count(), Is.EqualTo(4));
    }

    [Test]
    public void Should_run_one_contract_at_a_time_and_never_pre_empt_it()
    {
        var urgent = Bench.Contract(Bench.C2, ["b1"]);
        urgent["task"]!["priority"] = 9;
        var bench = Bench.Connected();
        bench.Push(Bench.Contract(actions: ["a1"]));
        bench.Push(urgent);
        bench.Run(130);

        var (first, second) = (bench.Device.Executions[0], bench.Device.Executions[1]);
        Assert.That(first.ActionId, Is.EqualTo("a1"));
        Assert.That(second.StartedAt, Is.EqualTo(first.EndedAt));
    }

    [Test]
    public void Should_choose_the_highest_priority_then_the_earliest_accepted()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract(actions: ["a1"]));
        string[] ids = [Bench.C1[..^1] + "5", Bench.C1[..^1] + "6", Bench.C1[..^1] + "7"];
        foreach (var (id, priority) in ids.Zip([0, 0, 3]))
        {
            var contract = Bench.Contract(id, ["x" + id[^1]]);
            contract["task"]!["priority"] = priority;
            bench.Push(contract);
        }
        bench.Run(300);

        Assert.That(bench.Device.Executions.Select(e => e.ActionId), Is.EqualTo(new[] { "a1", "x7", "x5", "x6" }));
    }

    [Test]
    public void Should_not_start_before_its_window_nor_go_on_after_it()
    {
        var bench = Bench.Connected();
        var contract = Bench.Contract();
        contract["scope"]!["notBefore"] = bench.Now.AddSeconds(100).UtcDateTime;
        contract["scope"]!["notAfter"] = bench.Now.AddSeconds(130).UtcDateTime;
        bench.Push(contract);
        bench.Run(99);
        Assert.That(bench.Journal(), Is.EqualTo("accepted"));
        bench.Run(101);

        Assert.That(bench.Journal(), Is.EqualTo("accepted actionStarted:a1 paused:self"));
    }

    [TestCase("fail", "accepted actionStarted:a1 actionFailed:a1")]
    [TestCase("fault", "accepted actionStarted:a1 fault:a1")]
    [TestCase("violate", "accepted actionStarted:a1 scopeViolated:a1")]
    public void Should_stand_still_after_a_failure(string how, string journal)
    {
        var bench = Bench.Connected(script: Once(how switch
        {
            "fail" => new ActionBehaviour { FailWith = "blocked" },
            "fault" => new ActionBehaviour { FaultWith = "motor" },
            _ => new ActionBehaviour { Violate = "area" },
        }));
        bench.Push(Bench.Contract());
        bench.Push(Bench.Contract(Bench.C2, ["b1"]));
        bench.Run(300);

        Assert.That(bench.Journal(), Is.EqualTo(journal));
        Assert.That(bench.View().Status, Is.EqualTo(ContractStatus.Failed));
        Assert.That(bench.Device.Executions, Has.Count.EqualTo(1), "it waits for a new revision or a desire, whatever else it holds");
    }

    [Test]
    public void Should_go_on_with_a_new_revision_after_a_failed_action()
    {
        var bench = Bench.Connected(script: Once(new ActionBehaviour { FailWith = "blocked" }));
        bench.Push(Bench.Contract());
        bench.Run(40);
        var retry = Bench.Contract(actions: ["a1-again", "a2"]);
        (retry["revision"], retry["plannedAtSeq"]) = (2, 3);
        bench.Push(retry);
        bench.Run(130);

        Assert.That(bench.View().Status, Is.EqualTo(ContractStatus.Completed));
    }

    [Test]
    public void Should_refuse_to_run_a_failed_action_again_and_resume_after_a_fault()
    {
        var failed = Bench.Connected(script: Once(new ActionBehaviour { FailWith = "blocked" }));
        failed.Push(Bench.Contract());
        failed.Run(40);
        var faulty = Bench.Connected(script: Once(new ActionBehaviour { FaultWith = "motor" }));
        faulty.Push(Bench.Contract());
        faulty.Run(40);

        Assert.That(failed.Want("run", 2).Result(), Is.EqualTo("refused"));
        Assert.That(faulty.Want("run", 2).Result(), Is.EqualTo("done"));
        Assert.That(faulty.Journal(), Does.EndWith("fault:a1 resumed"));
    }

    [Test]
    public void Should_deviate_as_its_script_says()
    {
        var skip = Executed(new ActionBehaviour { Skip = true });
        var extra = Executed(new ActionBehaviour { ExtraBefore = "drive" });
        var paused = Executed(new ActionBehaviour { PauseFor = TimeSpan.FromSeconds(20) });

        Assert.That(skip.Journal(), Is.EqualTo("accepted actionStarted:a2 actionFinished:a2 completed"));
        Assert.That(extra.Journal(), Does.StartWith("accepted actionStarted:own-a1 actionFinished:own-a1 actionStarted:a1"));
        Assert.That(extra.View().Journal[1].Data!.Value.Text("actionType"), Is.EqualTo("drive"));
        Assert.That(paused.Journal(), Does.StartWith("accepted actionStarted:a1 paused:self resumed actionFinished:a1"));
    }

    [Test]
    public void Should_name_the_data_it_used([Values] bool wrong)
    {
        var bench = Bench.Connected(script: Once(new ActionBehaviour { WrongData = wrong }));
        var contract = Bench.Contract();
        const string Hash = "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c";
        contract["data"] = new JsonArray(new JsonObject { ["name"] = "map", ["mediaType"] = "text/plain", ["sha256"] = Hash, ["content"] = "AAAA" });
        bench.Push(contract);

        var used = bench.View().Journal[1].Data!.Value.GetProperty("used").Text("map");
        Assert.That(used, wrong ? Is.Not.EqualTo(Hash) : Is.EqualTo(Hash));
    }

    [Test]
    public void Should_start_no_action_its_storage_has_no_room_for()
    {
        var bench = Bench.Connected(new DeviceProfile { DeviceId = "agv-17", StorageLimit = 5 });
        bench.Push(Bench.Contract());
        bench.Run(200);
        Assert.That(bench.Journal(), Does.EndWith("actionFinished:a1"));
        bench.Ack(3);
        bench.Run(100);

        Assert.That(bench.View().Status, Is.EqualTo(ContractStatus.Completed));
    }

    [Test]
    public void Should_tell_nothing_apart_by_how_often_it_is_asked()
    {
        // The same life, once in steps at each instant it asks for and once in one leap.
        var (stepped, leapt) = (Bench.Connected(), Bench.Connected());
        foreach (var bench in new[] { stepped, leapt })
        {
            bench.Push(Bench.Contract());
            bench.Cut();
        }
        stepped.Run(100);
        leapt.Device.Advance(leapt.Now.AddSeconds(100));

        Assert.That(leapt.View().Journal.Select(e => (e.Type, e.At)), Is.EqualTo(stepped.View().Journal.Select(e => (e.Type, e.At))));
    }

    private static Bench Executed(ActionBehaviour behaviour)
    {
        var bench = Bench.Connected(script: Once(behaviour));
        bench.Push(Bench.Contract());
        bench.Run(200);
        return bench;
    }

    private static DeviceScript Once(ActionBehaviour behaviour) => new()
    {
        OnAction = action => action.ActionId == "a1" ? behaviour : ActionBehaviour.AsPlanned,
    };
}
