namespace ExecutionManager.Neighbours.Tests;

public sealed class When_the_program_is_called
{
    [TestCase("")]
    [TestCase("robot --ConnectionStrings:Bus=amqp://localhost")]
    [TestCase("planner --rules x.yaml")]
    [TestCase("policy --rules")]
    [TestCase("policy x.yaml")]
    public async Task Should_end_with_64_and_the_usage_when_the_call_is_wrong(string call)
    {
        var (code, _, error) = await Run(call);

        Assert.That((code, error), Is.EqualTo((64, error)));
        Assert.That(error, Does.Contain("usage:"));
    }

    [Test]
    public async Task Should_end_with_78_and_name_every_wrong_setting()
    {
        var (code, _, error) = await Run("policy --rules nowhere.yaml --ConnectionStrings:Bus=http://user:secret@localhost --Neighbours:Policy:Fault lazy");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(78));
            Assert.That(error, Does.Contain("Neighbours:Policy:Rules:").And.Contain("ConnectionStrings:Bus:").And.Contain("Neighbours:Policy:Fault:"));
            Assert.That(error, Does.Not.Contain("secret").And.Not.Contain(" at "));
        }
    }

    [Test]
    public async Task Should_show_the_usage_when_asked()
    {
        var (code, output, _) = await Run("--help");

        Assert.That((code, output), Is.EqualTo((0, NeighbourCall.Usage + Environment.NewLine)));
    }

    [Test]
    public void Should_hand_its_switches_to_the_configuration() =>
        Assert.That(NeighbourCall.Parse(["equator", "--files", "a.geojson,b.geojson", "--Neighbours:Equator:Fault=slow"]).Settings,
            Is.EqualTo(["--Neighbours:Equator:Files=a.geojson,b.geojson", "--Neighbours:Equator:Fault=slow"]));

    private static async Task<(int Code, string Output, string Error)> Run(string call)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await NeighbourProgram.Run(call.Split(' ', StringSplitOptions.RemoveEmptyEntries), output, error);
        return (code, output.ToString(), error.ToString());
    }
}
