using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_contract_is_pushed
{
    private Bench _bench = null!;

    [SetUp]
    public void Connect() => _bench = Bench.Connected();

    [Test]
    public void Should_keep_it_before_it_is_acknowledged()
    {
        var answer = _bench.Push(Bench.Contract());
        _bench.Restart();

        Assert.That(answer.Answer(), Is.EqualTo("accepted"));
        Assert.That(answer.Select(m => m.Text("topic")), Is.EqualTo(new[] { "contract/ack", "desired/ack", "journal" }));
        Assert.That(_bench.Journal(), Does.StartWith("accepted actionStarted:a1"));
    }

    [Test]
    public void Should_acknowledge_the_same_content_again_and_change_nothing()
    {
        _bench.Push(Bench.Contract());
        var again = _bench.Push(Bench.Contract());

        Assert.That(again.Answer(), Is.EqualTo("accepted"));
        Assert.That(_bench.Journal(), Is.EqualTo("accepted actionStarted:a1"));
    }

    [Test]
    public void Should_take_the_same_content_again_as_a_grant()
    {
        _bench.Push(Bench.Contract(), validFor: 60);
        _bench.Run(50);
        _bench.Push(Bench.Contract(), validFor: 60);
        _bench.Run(50);

        Assert.That(_bench.View().Status, Is.EqualTo(ContractStatus.Executing));
    }

    [Test]
    public void Should_acknowledge_the_same_content_even_when_it_is_ended()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(130);

        Assert.That(_bench.View().Status, Is.EqualTo(ContractStatus.Completed));
        Assert.That(_bench.Push(Bench.Contract()).Answer(), Is.EqualTo("accepted"));
    }

    [Test]
    public void Should_refuse_another_epoch() =>
        Assert.That(_bench.Push(Bench.Contract(), epoch: 7).Answer(), Is.EqualTo("wrongEpoch"));

    [Test]
    public void Should_refuse_another_content_under_the_same_revision()
    {
        _bench.Push(Bench.Contract());
        Assert.That(_bench.Push(Bench.Contract(actions: ["a1"])).Answer(), Is.EqualTo("conflict"));
    }

    [Test]
    public void Should_refuse_an_older_revision()
    {
        _bench.Push(Revised(2, 0, "a1", "a2"));
        Assert.That(_bench.Push(Bench.Contract()).Answer(), Is.EqualTo("superseded"));
    }

    [Test]
    public void Should_refuse_a_lower_token_of_the_task()
    {
        var newer = Bench.Contract();
        newer["fencingToken"] = 2;
        _bench.Push(newer);
        var older = Bench.Contract(Bench.C2);
        older["task"]!["taskId"] = "T-1";

        Assert.That(_bench.Push(older).Answer(), Is.EqualTo("fenced"));
    }

    [Test]
    public void Should_refuse_what_it_was_told_to_stop_until_its_next_connect()
    {
        Assert.That(_bench.Want("stop", 2).Result(), Is.EqualTo("unknownContract"));
        Assert.That(_bench.Push(Bench.Contract()).Answer(), Is.EqualTo("ended"));
        _bench.Restart();
        _bench.Connect();
        Assert.That(_bench.Push(Bench.Contract()).Answer(), Is.EqualTo("accepted"));
    }

    [Test]
    public void Should_refuse_what_is_closed_and_forget_it()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(130);
        _bench.Ack(6, closed: true);

        Assert.That(_bench.Device.Contracts, Is.Empty);
        Assert.That(_bench.Push(Bench.Contract()).Answer(), Is.EqualTo("ended"));
    }

    [Test]
    public void Should_keep_a_closed_contract_until_its_last_entry_is_acknowledged()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(130);
        _bench.Ack(5, closed: true);
        Assert.That(_bench.Device.Contracts, Has.Count.EqualTo(1));
    }

    [Test]
    public void Should_refuse_an_action_type_it_cannot_do()
    {
        var bench = Bench.Connected(new DeviceProfile { DeviceId = "agv-17", ActionTypes = new HashSet<string> { "pick" } });
        Assert.That(bench.Push(Bench.Contract()).Answer(), Is.EqualTo("unsupportedAction"));
    }

    [Test]
    public void Should_refuse_data_that_its_hash_does_not_fit()
    {
        var contract = Bench.Contract();
        contract["data"] = new JsonArray(new JsonObject { ["name"] = "map", ["sha256"] = new string('0', 64), ["content"] = "AAAA" });
        Assert.That(_bench.Push(contract).Answer(), Is.EqualTo("dataInvalid"));
    }

    [Test]
    public void Should_refuse_more_than_256_KiB()
    {
        var contract = Bench.Contract();
        contract["task"]!["parameters"] = new JsonObject { ["text"] = new string('x', 256 * 1024) };
        Assert.That(_bench.Push(contract).Answer(), Is.EqualTo("tooLarge"));
    }

    [Test]
    public void Should_refuse_a_plan_that_lacks_what_was_finished_meanwhile()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(70);

        Assert.That(_bench.Push(Revised(2, 1, "b1")).Answer(), Is.EqualTo("outdated"));
        Assert.That(_bench.Push(Revised(3, 3, "a2")).Answer(), Is.EqualTo("accepted"), "the plan knows of seq 3, where a1 finished");
    }

    [Test]
    public void Should_skip_what_is_finished_and_go_on_with_what_the_new_plan_has_unchanged()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(70);
        _bench.Push(Revised(2, 1, "a1", "a2", "a3"));
        _bench.Run(200);

        Assert.That(_bench.Journal(), Is.EqualTo(
            "accepted actionStarted:a1 actionFinished:a1 actionStarted:a2 accepted actionFinished:a2 actionStarted:a3 actionFinished:a3 completed"));
        Assert.That(_bench.Device.Executions.Select(e => e.ActionId), Is.Unique);
    }

    [Test]
    public void Should_stop_a_running_action_that_the_new_plan_lacks()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(30);
        _bench.Push(Revised(2, 2, "b1"));

        Assert.That(_bench.Journal(), Is.EqualTo("accepted actionStarted:a1 actionStopped:a1 accepted actionStarted:b1"));
        Assert.That(_bench.View().Journal.Select(e => e.Revision), Is.EqualTo(new[] { 1, 1, 1, 2, 2 }));
    }

    [Test]
    public void Should_never_execute_an_actionId_twice_whatever_a_plan_says()
    {
        _bench.Push(Bench.Contract());
        _bench.Run(30);
        var changed = Revised(2, 1, "a1");
        changed["actions"]![0]!["parameters"] = new JsonObject { ["speed"] = 2 };
        _bench.Push(changed);

        Assert.That(_bench.Journal(), Does.EndWith("actionStopped:a1 accepted fault"));
    }

    [Test]
    public void Should_drop_and_count_what_it_cannot_read([Values("", "nonsense", "{}", "[]", """{"connectionEpoch":1,"contentHash":"x","contract":{},"desired":{"intent":"run","intentVersion":1}}""")] string body)
    {
        Assert.That(_bench.SendRaw("contract", body), Is.Empty);
        Assert.That(_bench.Device.UnreadableMessages, Is.EqualTo(1));
    }

    private static JsonObject Revised(int revision, int plannedAtSeq, params string[] actions)
    {
        var contract = Bench.Contract(actions: actions);
        (contract["revision"], contract["plannedAtSeq"]) = (revision, plannedAtSeq);
        return contract;
    }
}
